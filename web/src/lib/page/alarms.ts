/** What needs somebody now: late first, then what waits for a yes. Pure, from one moment. */

import type { Live, Text, VerbName } from '../live';
import { minutesBetween } from '../words/format';

/** Below this many days a stock is an alarm. A reading aid of the page, not a rule of a pack. */
const SUPPLY_LOW_DAYS = 0.5;

export type Alarm =
  | { kind: 'conservation'; difference: number }
  | { kind: 'people'; difference: number }
  | { kind: 'overdue'; orders: number }
  | { kind: 'verb'; verb: VerbName; late: number }
  | { kind: 'lapsed'; holds: number }
  | { kind: 'glass'; open: number }
  | { kind: 'supply'; item: string; name: Text; minutes: number }
  | { kind: 'plan'; id: number; office: Text; minutes: number };

/** The panel that an alarm points at. */
export const PANEL: Record<Alarm['kind'], string> = {
  conservation: 'verbs',
  people: 'verbs',
  overdue: 'orders',
  verb: 'verbs',
  lapsed: 'facts',
  glass: 'orders',
  supply: 'supplies',
  plan: 'plan',
};

/** The verbs that are counted in tubes; the others in people. */
export function countsTubes(verb: VerbName): boolean {
  return verb === 'send' || verb === 'test' || verb === 'report';
}

/** What stays the same while only its figures move: decides whether to read it out. */
export function identity(alarm: Alarm): string {
  if (alarm.kind === 'verb') return `verb ${alarm.verb}`;
  if (alarm.kind === 'supply') return `supply ${alarm.item}`;
  if (alarm.kind === 'plan') return `plan ${alarm.id}`;
  return alarm.kind;
}

/** All alarms of a moment, gravest first. */
export function alarmsOf(live: Live): Alarm[] {
  const { conservation, orders, holds, plan } = live;
  const alarms: Alarm[] = [];
  if (plan?.state === 'waiting' && plan.waits_for) {
    alarms.push({ kind: 'plan', id: plan.id, office: plan.waits_for, minutes: minutesBetween(plan.ready_at, live.now) });
  }
  if (conservation.difference !== 0) alarms.push({ kind: 'conservation', difference: conservation.difference });
  if (conservation.people_difference !== 0) alarms.push({ kind: 'people', difference: conservation.people_difference });
  if (orders.overdue > 0) alarms.push({ kind: 'overdue', orders: orders.overdue });
  for (const { verb, late } of live.verbs) if (late > 0) alarms.push({ kind: 'verb', verb, late });
  if (holds.lapsed > 0) alarms.push({ kind: 'lapsed', holds: holds.lapsed });
  if (live.glass > 0) alarms.push({ kind: 'glass', open: live.glass });
  for (const { item, name, days_left } of live.supplies) {
    if (days_left !== null && days_left < SUPPLY_LOW_DAYS) {
      alarms.push({ kind: 'supply', item, name, minutes: Math.round(days_left * 24 * 60) });
    }
  }
  return alarms;
}
