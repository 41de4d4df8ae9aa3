/** Who signs in, what the server says of a sign-in, and what an authenticator needs: the contract of `/api/access/…`. */

import type { Moment } from '../live';

export interface SignIn {
  name: string;
  password: string;
  /** The six digits of the authenticator; `null` where none is asked for yet. */
  code: string | null;
  /** The page holds a cookie, never a token. */
  keep: 'cookie';
}

/** `to_enrol`: the role needs a second factor, and nothing else can be done until one is set up. */
export type SecondFactor = 'not_needed' | 'given' | 'to_enrol';

export interface SignedIn {
  expires_at: Moment;
  /** Who signed in; the role is a word such as `commander`. */
  actor: { id: number; role: string; area: number };
  second_factor: SecondFactor;
}

/** Who is signed in, if anybody is. */
export interface WhoAsks {
  signed_in: Own | null;
}

/** Oneself, as the server knows it. */
export interface Own {
  actor: { id: number; role: string; area: number };
  name: string;
  second_factor: SecondFactor;
  expires_at: Moment;
  idle_minutes: number;
  /** Where one is signed in, the newest first. */
  tokens: OwnToken[];
}

export interface OwnToken {
  token: string;
  kind: 'page' | 'program' | 'device';
  issued_at: Moment;
  last_seen: Moment;
  expires_at: Moment;
  /** The one that asks. */
  this: boolean;
}

/** What an authenticator app needs, shown once. */
export interface Enrolment {
  secret: string;
  address: string;
  /** Modules a side, and the dark ones as the path of an SVG. */
  qr_size: number;
  qr_path: string;
}
