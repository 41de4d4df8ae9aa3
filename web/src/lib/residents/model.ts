/** What waits for an answer, as `GET /api/residents/appeals` and `/corrections` answer it. */

import type { Moment, Text } from '../live';
import { flag, list, number, object, oneOf, orNull, text, type Check } from '../stream/checks';

const both: Check<Text> = object<Text>({ zh: text, en: text });

export interface Ground { seq: number; what: Text; at: Moment }
export interface Measure {
  restriction: number; name: Text; reason: Text; clause: string; facts: Ground[]; starts_at: Moment; ends_at: Moment; in_force: boolean;
  lifted_by: Text; ended: Text | null;
}
export type Kind = 'appeal' | 'correction';
export interface Request {
  id: number; kind: Kind; person: number; about: string | null; words: string | null; asked_by: 'own' | 'guardian' | 'paper';
  asked_at: Moment; due_at: Moment; outcome: string | null;
}
export interface Waiting {
  request: Request; area: Text;
  /** What an appeal is against. */
  measure: Measure | null;
  /** The accounts that decided it. */
  decided_by: string[];
  /** Why the reader may not answer this one. */
  refused: Text | null;
  /** A yes must name the fact that makes it true. */
  needs_fact: boolean;
  /** Facts that would do. */
  grounds: Ground[];
}
export interface Requests { requests: Waiting[]; next: number | null; now: Moment; offset_minutes: number }

const ground = object<Ground>({ seq: number, what: both, at: number });
const request = object<Request>({
  id: number, kind: oneOf('appeal', 'correction'), person: number, about: orNull(text), words: orNull(text), asked_by: oneOf('own', 'guardian', 'paper'),
  asked_at: number, due_at: number, outcome: orNull(text),
});

export const requestCheck: Check<Request> = request;
export const requestsCheck: Check<Requests> = object<Requests>({
  requests: list(
    object<Waiting>({
      request, area: both,
      measure: orNull(
        object<Measure>({
          restriction: number, name: both, reason: both, clause: text, facts: list(ground), starts_at: number, ends_at: number, in_force: flag,
          lifted_by: both, ended: orNull(both),
        }),
      ),
      decided_by: list(text), refused: orNull(both), needs_fact: flag, grounds: list(ground),
    }),
  ),
  next: orNull(number), now: number, offset_minutes: number,
});

/** Those that the reader may answer first, each by its deadline. */
export function inOrder(requests: readonly Waiting[]): Waiting[] {
  return [...requests].sort((one, other) => Number(one.refused !== null) - Number(other.refused !== null) || one.request.due_at - other.request.due_at);
}
