/** Accounts and devices, as `GET /api/access/actors` answers them: the contract of what an administrator does with them. */

import type { Moment, Text } from '../live';
import { flag, list, number, object, oneOf, orNull, text, type Check } from '../stream/checks';

const both: Check<Text> = object<Text>({ zh: text, en: text });

export interface Listed {
  actor: { id: number; kind: 'account' | 'device'; role: string; area: number; task_force: string | null };
  name: string;
  disabled: boolean;
  second_factor: boolean;
  locked_until: Moment | null;
  last_seen: Moment | null;
  token_until: Moment | null;
  post: { kind: string; id: number } | null;
}

/** What a new account or device may be. */
export interface Offer {
  /** Roles of accounts. */
  roles: string[];
  /** Of these, those that act with a second factor; no device has one. */
  second_factor: string[];
  task_forces: { key: string; name: Text }[];
}

export interface Actors { actors: Listed[]; next: number | null; offer: Offer; now: Moment; offset_minutes: number }

const actor = object<Listed['actor']>({
  id: number, kind: oneOf('account', 'device'), role: text, area: number, task_force: (value, path) => (value === undefined ? null : orNull(text)(value, path)),
});

export const actorsCheck: Check<Actors> = object<Actors>({
  actors: list(
    object<Listed>({
      actor, name: text, disabled: flag, second_factor: flag, locked_until: orNull(number), last_seen: orNull(number), token_until: orNull(number),
      post: orNull(object<{ kind: string; id: number }>({ kind: text, id: number })),
    }),
  ),
  next: orNull(number),
  offer: object<Offer>({ roles: list(text), second_factor: list(text), task_forces: list(object<Offer['task_forces'][number]>({ key: text, name: both })) }),
  now: number,
  offset_minutes: number,
});

export const accountCheck = object<{ actor: Listed['actor'] }>({ actor });
export const deviceCheck = object<{ actor: Listed['actor']; token: string; expires_at: Moment }>({ actor, token: text, expires_at: number });

/** No letters that are misread on paper. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP = 5;

/** A first password, about 98 random bits, in groups that can be read out: `k3mta-9wxyz-…`. */
export function firstPassword(random: (into: Uint8Array) => Uint8Array = (into) => crypto.getRandomValues(into as Uint8Array<ArrayBuffer>)): string {
  const letters: string[] = [];
  while (letters.length < GROUPS * GROUP) {
    for (const byte of random(new Uint8Array(32))) {
      // What is left of a byte beyond whole alphabets is thrown away, so that every letter is as likely.
      if (byte < Math.floor(256 / LETTERS.length) * LETTERS.length && letters.length < GROUPS * GROUP) letters.push(LETTERS[byte % LETTERS.length] ?? '');
    }
  }
  return letters.join('').match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-') ?? '';
}
