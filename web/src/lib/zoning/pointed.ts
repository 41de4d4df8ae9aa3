/** What the reader points at or has picked on the map. */
export type Pointed =
  | { kind: 'area'; code: string }
  | { kind: 'zone'; id: number }
  | { kind: 'site'; id: number }
  | { kind: 'facility'; id: number };
