/**
 * Who is signed in. The session itself is a cookie that no script can read; the page only knows what the server tells it,
 * and asks again after a reload.
 */

import type { Enrolment, Own, SecondFactor, SignedIn, Text } from '../live';
import { parse, type Check } from '../stream/checks';
import { emptyCheck, enrolmentCheck, signedInCheck, whoAsksCheck } from '../stream/contract';

/** How often a session that is in use is renewed. */
const RENEW_EVERY_MS = 10 * 60_000;

/** Why the server refused, in both languages; `null` where it did not say. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly text: Text | null,
    /** Stable code of the refusal; empty where there is none. */
    readonly code = '',
  ) {
    super(text?.en ?? `HTTP ${status}`);
  }
}

async function refusal(answer: Response): Promise<Refused> {
  const body = (await answer.json().catch(() => null)) as { zh?: unknown; en?: unknown; code?: unknown } | null;
  const both = body && typeof body.zh === 'string' && typeof body.en === 'string';
  const text = both ? { zh: String(body.zh), en: String(body.en) } : null;
  return new Refused(answer.status, text, typeof body?.code === 'string' ? body.code : '');
}

/** An answer that is not what the contract promises. */
function broken(path: string): Refused {
  return new Refused(0, { zh: `服务器在 ${path} 处发来的内容有误。`, en: `The server sent something wrong at ${path}.` });
}

class Session {
  /** The actor's id; `null` while nobody is signed in. */
  who: number | null = $state(null);
  /** The role of who is signed in, as the server names it. */
  role: string | null = $state(null);
  /** The area over which they act. */
  area: number | null = $state(null);
  secondFactor: SecondFactor = $state('not_needed');
  /** The account may sign in, but may not watch the page. */
  outside = $state(false);
  /** The server was asked at least once who is signed in. */
  asked = $state(false);
  /** Whether somebody touched the page since the session was last renewed. */
  #touched = false;

  /** Asks the server who is signed in. Throws nothing: without an answer nobody is. */
  async look(): Promise<void> {
    try {
      const own = await this.own();
      if (own) this.#know(own);
      else this.forget();
    } catch {
      this.forget();
    }
    this.asked = true;
  }

  /** Oneself and where one is signed in; `null` for nobody. Throws {@link Refused}. */
  async own(): Promise<Own | null> {
    return (await this.read('api/access/own', whoAsksCheck)).signed_in;
  }

  /** Signs in. Throws {@link Refused}; its code `code_needed` asks for the second factor. */
  async signIn(name: string, password: string, code: string | null): Promise<void> {
    this.#know(await this.post('api/access/sign-in', { name, password, code, keep: 'cookie' }, signedInCheck));
  }

  /** Asks for the secret of a new authenticator, which is shown once. Throws {@link Refused}. */
  enrol(): Promise<Enrolment> {
    return this.post('api/access/enrol', {}, enrolmentCheck);
  }

  /** Gives the first code of a new authenticator. Throws {@link Refused}. */
  async confirm(code: string): Promise<void> {
    this.#know(await this.post('api/access/confirm-enrolment', { code }, signedInCheck));
  }

  /** Takes another password; every other sign-in ends. Throws {@link Refused}. */
  async changePassword(password: string, newPassword: string): Promise<void> {
    this.#know(await this.post('api/access/change-password', { password, new_password: newPassword }, signedInCheck));
  }

  /** Ends this sign-in, or every one of the account. What the server cannot be told ends by itself. */
  async signOut(everywhere = false): Promise<void> {
    await this.post(everywhere ? 'api/access/sign-out-everywhere' : 'api/access/sign-out', {}, emptyCheck).catch(() => {});
    this.forget();
  }

  forget(): void {
    this.who = null;
    this.role = null;
    this.area = null;
    this.secondFactor = 'not_needed';
  }

  /** Somebody is at the page. */
  touch(): void {
    this.#touched = true;
  }

  /** Renews the session as long as somebody is at the page. Answers a function that ends it. */
  keepAlive(): () => void {
    const timer = setInterval(() => {
      if (this.who === null || !this.#touched) return;
      this.#touched = false;
      this.post('api/access/renew', {}, signedInCheck).catch(() => {});
    }, RENEW_EVERY_MS);
    return () => clearInterval(timer);
  }

  #know({ actor, second_factor }: Pick<SignedIn, 'actor' | 'second_factor'>): void {
    this.outside = false;
    this.role = actor.role;
    this.area = actor.area;
    this.secondFactor = second_factor;
    this.who = actor.id;
  }

  #refused(refused: Refused): Refused {
    // The session ended meanwhile, by the clock or from elsewhere.
    if (refused.code === 'not_signed_in') this.forget();
    return refused;
  }

  /** The text of a GET. Throws {@link Refused}. */
  async get(path: string): Promise<string> {
    const answer = await fetch(path, { cache: 'no-store' });
    if (!answer.ok) throw this.#refused(await refusal(answer));
    return answer.text();
  }

  /** A GET, checked. Throws {@link Refused}. */
  async read<T>(path: string, check: Check<T>): Promise<T> {
    const checked = parse(await this.get(path), check);
    if (!checked.ok) throw broken(checked.path);
    return checked.value;
  }

  /** A POST, its answer checked. Throws {@link Refused}. */
  async post<T>(path: string, body: unknown, check: Check<T>): Promise<T> {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw this.#refused(await refusal(answer));
    const checked = parse(await answer.text(), check);
    if (!checked.ok) throw broken(checked.path);
    return checked.value;
  }
}

/** One for the page. */
export const session = new Session();
