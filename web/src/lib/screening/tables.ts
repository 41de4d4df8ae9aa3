/** What the screening page asks the server for beside the stream: balance, who is due today, what another interval costs. */

import type { Moment, Text } from '../live';
import { list, number, object, oneOf, orNull, text, type Check } from '../stream/checks';

/** What the rows of the balance are. */
export const KINDS = ['round', 'site', 'box', 'laboratory', 'hour'] as const;
export type Kind = (typeof KINDS)[number];

/** What stands at one round, site, box, laboratory or hour. */
export interface BalanceRow {
  key: string;
  /** `null` for an hour. */
  name: Text | null;
  at: Moment | null;
  tubes: number;
  people: number;
  open: number;
  under_way: number;
  pending: number;
  resulted: number;
  invalid: number;
  lost: number;
  late: number;
  state: BoxState | null;
  signed_by: string | null;
  leg: number | null;
}

export type BoxState = 'packed' | 'given' | 'carried' | 'received';

/** A page of the balance; ask again after `after`. */
export interface Balance {
  rows: BalanceRow[];
  after: string | null;
}

/** How many of an area are due today. */
export interface Due {
  area: number;
  present: number;
  due: number;
  overdue: number;
}

/** How many are due before the end of today. */
export interface DueToday {
  before: Moment;
  total: Due;
  areas: Due[];
}

/** What routine screening costs a day. */
export interface Load {
  people: number;
  people_per_day: number;
  tubes_per_day: number;
  sampler_hours_per_day: number;
  laboratory_tubes_per_hour: number;
}

/** A day as it is, and with another interval. */
export interface Change {
  before: Load;
  after: Load;
  laboratory_capacity_per_hour: number;
  samplers_before: number;
  samplers_after: number;
}

/** A node of the area tree, as far as this page needs it. */
export interface AreaName {
  id: number;
  name: string;
  name_en: string;
}

const say: Check<Text> = object<Text>({ zh: text, en: text });
const due: Check<Due> = object<Due>({ area: number, present: number, due: number, overdue: number });
const load: Check<Load> = object<Load>({
  people: number, people_per_day: number, tubes_per_day: number, sampler_hours_per_day: number, laboratory_tubes_per_hour: number,
});

export const balanceCheck: Check<Balance> = object<Balance>({
  rows: list(object<BalanceRow>({
    key: text, name: orNull(say), at: orNull(number), tubes: number, people: number, open: number, under_way: number,
    pending: number, resulted: number, invalid: number, lost: number, late: number,
    state: orNull(oneOf('packed', 'given', 'carried', 'received')), signed_by: orNull(text), leg: orNull(number),
  })),
  after: orNull(text),
});
export const dueCheck: Check<DueToday> = object<DueToday>({ before: number, total: due, areas: list(due) });
export const changeCheck: Check<Change> = object<Change>({
  before: load, after: load, laboratory_capacity_per_hour: number, samplers_before: number, samplers_after: number,
});
export const areasCheck: Check<{ areas: AreaName[] }> = object<{ areas: AreaName[] }>({
  areas: list(object<AreaName>({ id: number, name: text, name_en: text })),
});
