/** What leaves and what ends, as the routes under `/api/custody` answer it. */

import type { Moment, Text } from '../live';
import { anyOf, flag, list, number, object, orNull, text, type Check } from '../stream/checks';

const both: Check<Text> = object<Text>({ zh: text, en: text });

export type Content = { letter: number } | { roster: number } | { doors: { round: number; area: number } };

export interface Export {
  export: number; content: Content; purpose: string; people: number; made_by: number; made_at: Moment; until: Moment; fetched: number; ended_at: Moment | null;
}
export interface ExportRow { export: Export; account: string; area: Text | null }
export interface Exports { exports: ExportRow[]; now: Moment; offset_minutes: number }

export interface ClassMonth { class: string; month: string }
export interface DueRow { part: ClassMonth; class_zh: string; days: number; clause: string; entries: number; values: number; due_at: Moment | null; is_due: boolean }
export interface Due { rows: DueRow[]; emergency: boolean; now: Moment; offset_minutes: number }

export interface StandingOrder { order: number; parts: ClassMonth[]; reason: string; ordered_by: number; ordered_at: Moment; carried_out_at: Moment | null; finished_at: Moment | null }
export interface OrderRow { order: StandingOrder; account: string; carried_out_by: string | null }

const content: Check<Content> = anyOf<Content>(
  object<{ letter: number }>({ letter: number }) as Check<Content>,
  object<{ roster: number }>({ roster: number }) as Check<Content>,
  object<{ doors: { round: number; area: number } }>({ doors: object<{ round: number; area: number }>({ round: number, area: number }) }) as Check<Content>,
);
const made = object<Export>({
  export: number, content, purpose: text, people: number, made_by: number, made_at: number, until: number, fetched: number, ended_at: orNull(number),
});
const part = object<ClassMonth>({ class: text, month: text });

export const exportsCheck: Check<Exports> = object<Exports>({
  exports: list(object<ExportRow>({ export: made, account: text, area: orNull(both) })), now: number, offset_minutes: number,
});
export const madeCheck = object<{ export: Export; passphrase: string; file: string }>({ export: made, passphrase: text, file: text });
export const fetchedCheck = object<{ file: string }>({ file: text });
export const dueCheck: Check<Due> = object<Due>({
  rows: list(
    object<DueRow>({ part, class_zh: text, days: number, clause: text, entries: number, values: number, due_at: orNull(number), is_due: flag }),
  ),
  emergency: flag, now: number, offset_minutes: number,
});
const standing = object<StandingOrder>({
  order: number, parts: list(part), reason: text, ordered_by: number, ordered_at: number, carried_out_at: orNull(number), finished_at: orNull(number),
});
export const standingCheck: Check<StandingOrder> = standing;
export const ordersCheck = object<{ orders: OrderRow[] }>({
  orders: list(object<OrderRow>({ order: standing, account: text, carried_out_by: orNull(text) })),
});
export const attestationCheck = object<{ statement: string; key: string; signature: string }>({ statement: text, key: text, signature: text });

/** Hands a text to the reader as a file. */
export function save(name: string, content: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  // The browser has taken it over by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
