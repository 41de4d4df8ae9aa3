/** A resident's own file, and what was read with it. The session is a cookie that no script reads, as that of anybody who
 *  signs in. */

import { Refused, session } from '../access/session.svelte';
import type { Check } from '../stream/checks';
import { askedCheck, checkedInCheck, enteredCheck, fileCheck, passCheck, type File } from './model';

class Mine {
  file: File | null = $state(null);
  /** Whose file is open; `null` for one's own. */
  whose: number | null = $state(null);
  ended = $state(false);

  /** Whether a resident is signed in. */
  get isIn(): boolean {
    return session.role === 'resident';
  }

  /** Signs in with a code on paper; whoever was signed in on this page no longer is. Throws {@link Refused}. */
  async enter(code: string): Promise<void> {
    await session.post('api/mine/sign-in', { code, keep: 'cookie' }, enteredCheck);
    this.#forget(false);
    await session.look();
    await this.read();
  }

  async leave(): Promise<void> {
    await session.signOut();
    this.#forget(true);
  }

  /** Reads the file again. Throws {@link Refused}. */
  async read(): Promise<void> {
    this.file = await this.#ask(`api/mine/file${this.#query()}`, fileCheck);
  }

  async see(person: number | null): Promise<void> {
    this.whose = person;
    await this.read();
  }

  pass = () => this.#ask(`api/mine/pass${this.#query()}`, passCheck);

  async appeal(restriction: number, words: string): Promise<number> {
    const asked = await this.#ask('api/mine/appeal', askedCheck, { person: this.whose, restriction, words });
    await this.read();
    return asked.due_at;
  }

  async correct(about: string, words: string): Promise<void> {
    await this.#ask('api/mine/ask-correction', askedCheck, { person: this.whose, about, words });
    await this.read();
  }

  checkIn = (code: string) => this.#ask('api/mine/check-in', checkedInCheck, { person: this.whose, code });

  #query = () => (this.whose === null ? '' : `?person=${this.whose}`);

  #forget(ended: boolean): void {
    this.file = null;
    this.whose = null;
    this.ended = ended;
  }

  async #ask<T>(path: string, check: Check<T>, body?: unknown): Promise<T> {
    try {
      return await (body === undefined ? session.read(path, check) : session.post(path, body, check));
    } catch (reason) {
      // The session may have ended meanwhile, by the clock or from elsewhere: the server is asked who is still there.
      if (reason instanceof Refused && [401, 403].includes(reason.status)) {
        await session.look();
        if (!this.isIn) this.#forget(true);
      }
      throw reason;
    }
  }
}

/** One for the page. */
export const mine = new Mine();
