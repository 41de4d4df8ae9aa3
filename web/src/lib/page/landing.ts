/** Where the work of somebody is, by what the server says that they may. No list of roles stands here: a role that the server
 *  gives another permission lands elsewhere, and a new role lands somewhere. */

/** What somebody may, as `GET /api/access/own` answers it. */
export type Permissions = readonly string[];

/** The permission of the live view, `GET /api/live`. */
const WATCH = 'command_read';

export interface Place {
  hash: string;
  /** Any of these opens it. */
  needs: Permissions;
  key: 'lane' | 'gate' | 'answers' | 'custody' | 'accounts';
}

/** The pages for work, those where people stand in a queue first. */
export const PLACES: readonly Place[] = [
  { key: 'lane', hash: '#/lane', needs: ['screening_sample'] },
  { key: 'gate', hash: '#/gate', needs: ['check_in_record'] },
  { key: 'answers', hash: '#/answers', needs: ['appeal_answer', 'resident_admit'] },
  { key: 'custody', hash: '#/custody', needs: ['identity_export', 'audit_read'] },
  { key: 'accounts', hash: '#/accounts', needs: ['access_manage'] },
];

/** Work that is done through the server's interface, by devices, programs or files, and has no page. */
const ELSEWHERE = [
  'tracing_record', 'laboratory_work', 'screening_carry', 'facility_work', 'trip_work', 'supplies_work', 'measures_observe',
  'registry_find', 'notices_publish',
] as const;
export type Elsewhere = (typeof ELSEWHERE)[number];

/** Whether the live view is open to them. */
export const watches = (may: Permissions): boolean => may.includes(WATCH);

/** The pages at which they may work, the first one first. */
export const placesOf = (may: Permissions): Place[] => PLACES.filter(({ needs }) => needs.some((need) => may.includes(need)));

/** What they do that has no page here. */
export const elsewhereOf = (may: Permissions): Elsewhere[] => ELSEWHERE.filter((permission) => may.includes(permission));

/** Where somebody goes who opens the page without an address: a page at which they stand all day, or the list of their work.
 *  `open`: the live view was not refused; it is to who has its permission over a part of the jurisdiction only. */
export function landing(may: Permissions, open = true): string {
  if (open && watches(may)) return '#/';
  const own = placesOf(may).find(({ key }) => key === 'lane' || key === 'gate');
  return own?.hash ?? '#/work';
}
