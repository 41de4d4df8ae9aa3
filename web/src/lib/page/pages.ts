/** Which page an address opens. Each is fetched when it is opened: a resident's telephone loads no map and no desk. */

import type { Component } from 'svelte';

export interface Page {
  hash: string;
  load: () => Promise<{ default: Component }>;
  /** Shows the live view or lives by it: it opens the stream, and asks for a sign-in where the stream does. */
  live: boolean;
}

/** Lanes, gates and screens work without a network; a resident's file and the desks are no stream, and not everybody who works
 *  at one may watch it. */
const PAGES: readonly Page[] = [
  { hash: '#/lane', live: false, load: () => import('../lane/Lane.svelte') },
  { hash: '#/mine', live: false, load: () => import('../mine/Mine.svelte') },
  { hash: '#/gate', live: false, load: () => import('../gate/Gate.svelte') },
  { hash: '#/code', live: false, load: () => import('../gate/PlaceCode.svelte') },
  { hash: '#/answers', live: false, load: () => import('../residents/Answers.svelte') },
  { hash: '#/accounts', live: false, load: () => import('../access/Accounts.svelte') },
  { hash: '#/custody', live: false, load: () => import('../custody/Custody.svelte') },
  { hash: '#/siren', live: false, load: () => import('../siren/Siren.svelte') },
  { hash: '#/desk', live: false, load: () => import('./Desks.svelte') },
  { hash: '#/work', live: false, load: () => import('./Work.svelte') },
  { hash: '#/report', live: true, load: () => import('../drill/Report.svelte') },
  { hash: '#/briefing', live: true, load: () => import('../orders/Briefing.svelte') },
  { hash: '#/screening', live: true, load: () => import('../screening/Screening.svelte') },
];
const LIVE: Page = { hash: '#/', live: true, load: () => import('./Live.svelte') };

/** The page of an address; the live view where there is none. */
export const pageOf = (hash: string): Page => PAGES.find((page) => hash.startsWith(page.hash)) ?? LIVE;
