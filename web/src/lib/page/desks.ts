/** The pages for work at a desk. Who may do what at each is the server's to say. */
export const DESKS = [
  { key: 'answers', hash: '#/answers' },
  { key: 'custody', hash: '#/custody' },
  { key: 'accounts', hash: '#/accounts' },
] as const;
