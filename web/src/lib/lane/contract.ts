/** What the office answers about lanes, checked field by field. */

import type { Text } from '../live';
import { flag, list, number, object, oneOf, optional, text, type Check } from '../stream/checks';
import type { MergeAnswer, RecordAnswer, SignedSheet } from './model';

const both: Check<Text> = object<Text>({ zh: text, en: text });

export const signedSheetCheck: Check<SignedSheet> = object<SignedSheet>({ sheet: text, signature: text, key: text, signed_at: number });

export interface Named { id: number; name: Text }
const opened = oneOf('open', 'closed');
/** Rounds that are open, newest first. */
export const roundsCheck = object<{ rounds: { round: number; name: Text }[] }>({ rounds: list(object<{ round: number; name: Text }>({ round: number, name: both })) });
export interface LaneSite { id: number; spec: { name: Text }; state: 'open' | 'closed' }
/** Sites by id. */
export const sitesCheck = object<{ sites: LaneSite[] }>({ sites: list(object<LaneSite>({ id: number, spec: object<{ name: Text }>({ name: both }), state: opened })) });
export interface LaneOf { id: number; number: number; state: 'open' | 'closed' }
/** Lanes of a site, by number. */
export const lanesCheck = object<{ lanes: LaneOf[] }>({ lanes: list(object<LaneOf>({ id: number, number, state: opened })) });

export const keyCheck: Check<{ key: string }> = object<{ key: string }>({ key: text });

export const mergeAnswerCheck: Check<MergeAnswer> = object<MergeAnswer>({
  sheet: number,
  records: list(
    object<RecordAnswer>({
      line: number,
      device: text,
      counter: number,
      state: oneOf('merged', 'already_there', 'waiting', 'flagged', 'undone', 'quarantined'),
      why: optional(both),
    }),
  ),
  returned: flag,
});
