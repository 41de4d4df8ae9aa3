/** A resident's own file, as `GET /api/mine/file` answers it, as far as the page reads it; checked field by field. */

import type { Moment, Text } from '../live';
import { flag, list, number, object, oneOf, orNull, text, type Check } from '../stream/checks';
import type { Colour } from '../gate/verify';

const both: Check<Text> = object<Text>({ zh: text, en: text });
/** Left out where it is not known. */
const maybe = <T>(inner: Check<T>): Check<T | null> => (value, path) => (value === undefined || value === null ? null : inner(value, path));

export interface Fact { seq: number; what: Text; at: Moment }
export interface Measure {
  restriction: number; name: Text; reason: Text; clause: string; facts: Fact[]; starts_at: Moment; ends_at: Moment;
  in_force: boolean; lifted_by: Text; ended: Text | null; appeal_waits: boolean; imposed_by_others: boolean;
}
export interface Why { colour: Colour; name: Text; clause: string; since: Moment; until: Moment | null; lifted_by: Text }
export interface Ask {
  id: number; kind: 'appeal' | 'correction'; words: string | null; asked_at: Moment; due_at: Moment; answered_at: Moment | null;
  outcome: 'upheld' | 'lifted' | 'corrected' | 'declined' | null; reason: Text | null;
}
export interface Look { seq: number; account: string; at: Moment; purpose: string }
export interface Entry { seq: number; at: Moment; used_at: Moment | null }
export interface Sample { tube: string; taken_at: Moment; outcome: 'negative' | 'positive' | 'inconclusive' | 'invalid' | null }
export interface Visit { name: Text; from: Moment; to: Moment; known_by: Text; signal: string | null }
export interface Identity { name: string; born: string; id_number: string; phone?: string | null; address?: string | null }
export interface Person { person: number; name: string | null; own: boolean }
export interface Exported { export: number; purpose: string; account: string; at: Moment }
/** Somebody went beyond their role or area for a short time, where this person was to be seen. */
export interface Glass { glass: number; account: string; at: Moment; until: Moment; reason: string; uses: number; about_me: boolean }
export interface Dated { at: Moment; title: Text; body: Text }

export interface File {
  at: Moment; offset_minutes: number; people: Person[]; person: { id: number }; identity: Identity | null; colour: Colour; reasons: Why[];
  last_sample_at: Moment | null; last_negative_at: Moment | null; retest: { reason: Text } | null; measures: Measure[];
  who_to_call: { post: Text; who: Text }[]; requests: Ask[]; looks: Look[]; glass: Glass[]; exports: Exported[]; entries: Entry[]; samples: Sample[]; visits: Visit[];
  cases: { stage: Text; found_at: Moment }[]; contacts: { class: Text; setting: Text; from: Moment; to: Moment }[];
  orders: { order: number; title: Text; state: Text; deadline_at: Moment }[]; notices: Dated[];
  letters: { sent: boolean; other: Text; at: Moment }[]; certificates: { number: string; text: Text }[];
}

const colour = oneOf('green', 'yellow', 'red');

export const fileCheck: Check<File> = object<File>({
  at: number,
  offset_minutes: number,
  people: list(object<Person>({ person: number, name: orNull(text), own: flag })),
  person: object<File['person']>({ id: number }),
  identity: orNull(object<Identity>({ name: text, born: text, id_number: text, phone: maybe(text), address: maybe(text) })),
  colour,
  reasons: list(object<Why>({ colour, name: both, clause: text, since: number, until: orNull(number), lifted_by: both })),
  last_sample_at: orNull(number),
  last_negative_at: orNull(number),
  retest: orNull(object<{ reason: Text }>({ reason: both })),
  measures: list(
    object<Measure>({
      restriction: number, name: both, reason: both, clause: text, facts: list(object<Fact>({ seq: number, what: both, at: number })), starts_at: number,
      ends_at: number, in_force: flag, lifted_by: both, ended: orNull(both), appeal_waits: flag, imposed_by_others: flag,
    }),
  ),
  who_to_call: list(object<{ post: Text; who: Text }>({ post: both, who: both })),
  requests: list(
    object<Ask>({
      id: number, kind: oneOf('appeal', 'correction'), words: orNull(text), asked_at: number, due_at: number, answered_at: orNull(number),
      outcome: orNull(oneOf('upheld', 'lifted', 'corrected', 'declined')), reason: orNull(both),
    }),
  ),
  looks: list(object<Look>({ seq: number, account: text, at: number, purpose: text })),
  glass: list(object<Glass>({ glass: number, account: text, at: number, until: number, reason: text, uses: number, about_me: flag })),
  exports: list(object<Exported>({ export: number, purpose: text, account: text, at: number })),
  entries: list(object<Entry>({ seq: number, at: number, used_at: orNull(number) })),
  samples: list(object<Sample>({ tube: text, taken_at: number, outcome: orNull(oneOf('negative', 'positive', 'inconclusive', 'invalid')) })),
  visits: list(object<Visit>({ name: both, from: number, to: number, known_by: both, signal: orNull(text) })),
  cases: list(object<File['cases'][number]>({ stage: both, found_at: number })),
  contacts: list(object<File['contacts'][number]>({ class: both, setting: both, from: number, to: number })),
  orders: list(object<File['orders'][number]>({ order: number, title: both, state: both, deadline_at: number })),
  notices: list(object<Dated>({ at: number, title: both, body: both })),
  letters: list(object<File['letters'][number]>({ sent: flag, other: both, at: number })),
  certificates: list(object<File['certificates'][number]>({ number: text, text: both })),
});

export const enteredCheck = object<{ person: number; expires_at: Moment }>({ person: number, expires_at: number });
export const passCheck = object<{ text: string; colour: Colour; ends_at: Moment }>({ text, colour, ends_at: number });
export const askedCheck = object<{ id: number; due_at: Moment }>({ id: number, due_at: number });
export const checkedInCheck = object<{ place: number; counts: boolean }>({ place: number, counts: flag });

/** What may be wrong in a file, as the server names it. */
export const ABOUT = ['identity', 'residence', 'care', 'visit', 'sample', 'contact', 'other'] as const;
