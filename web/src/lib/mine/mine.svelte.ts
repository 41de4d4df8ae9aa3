/** A resident's session: a token for one file, in this tab only, and what was read with it. */

import { Refused } from '../access/session.svelte';
import { parse, type Check } from '../stream/checks';
import { askedCheck, checkedInCheck, enteredCheck, fileCheck, passCheck, type File } from './model';

const KEPT = 'outpace.mine';

class Mine {
  token: string | null = $state(typeof sessionStorage === 'undefined' ? null : sessionStorage.getItem(KEPT));
  file: File | null = $state(null);
  /** Whose file is open; `null` for one's own. */
  whose: number | null = $state(null);
  ended = $state(false);

  /** Signs in with a code on paper. Throws {@link Refused}. */
  async enter(code: string): Promise<void> {
    const entered = await this.#ask('api/mine/sign-in', enteredCheck, { code });
    this.token = entered.token;
    this.ended = false;
    sessionStorage.setItem(KEPT, entered.token);
    await this.read();
  }

  leave(): void {
    sessionStorage.removeItem(KEPT);
    this.token = null;
    this.file = null;
    this.whose = null;
    this.ended = true;
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

  async #ask<T>(path: string, check: Check<T>, body?: unknown): Promise<T> {
    const headers: Record<string, string> = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const answer = await fetch(path, { method: body === undefined ? 'GET' : 'POST', headers, cache: 'no-store', body: body === undefined ? null : JSON.stringify(body) });
    const told = await answer.text();
    if (!answer.ok) {
      if (answer.status === 401 && this.token) this.leave();
      const problem = JSON.parse(told || '{}') as { zh?: string; en?: string; code?: string };
      throw new Refused(answer.status, problem.zh && problem.en ? { zh: problem.zh, en: problem.en } : null, problem.code ?? '');
    }
    const checked = parse(told, check);
    if (!checked.ok) throw new Refused(0, { zh: `服务器在 ${checked.path} 处发来的内容有误。`, en: `The server sent something wrong at ${checked.path}.` });
    return checked.value;
  }
}

/** One for the page. */
export const mine = new Mine();
