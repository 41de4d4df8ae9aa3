/** Operations alarms as `/api/alarms` answers them, and what the siren shows. */

import type { Moment, Text } from '../live';
import { list, number, object, orNull, text, type Check } from '../stream/checks';

const both: Check<Text> = object<Text>({ zh: text, en: text });

export interface RaisedAlarm { alarm: string; name: Text; subject: string; since: Moment; text: Text }
export interface AlarmsAnswer { alarms: RaisedAlarm[]; looked_at: Moment | null; now: Moment }

export const alarmsCheck: Check<AlarmsAnswer> = object<AlarmsAnswer>({
  alarms: list(object<RaisedAlarm>({ alarm: text, name: both, subject: text, since: number, text: both })),
  looked_at: orNull(number),
  now: number,
});

/** The server looks every five seconds; a look older than this means that nobody looks any more. */
export const LOOK_AGE_MS_MAX = 60_000;
/** The page asks every five seconds; without an answer for so long the server counts as away. */
export const SILENT_MS_MAX = 20_000;

/** `away`: no answer. `blind`: an answer, but the server does not look. Both are as red as an alarm. */
export type Verdict = 'asking' | 'calm' | 'alarm' | 'blind' | 'away';

/** `heardAt` and `nowMs` are of this device's clock, the moments in the answer of the server's. */
export function verdict(answer: AlarmsAnswer | null, heardAt: number | null, startedAt: number, nowMs: number): Verdict {
  if (nowMs - (heardAt ?? startedAt) > SILENT_MS_MAX) return 'away';
  if (answer === null) return 'asking';
  if (answer.alarms.length > 0) return 'alarm';
  if (answer.looked_at === null || answer.now - answer.looked_at > LOOK_AGE_MS_MAX) return 'blind';
  return 'calm';
}
