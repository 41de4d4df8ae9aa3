/** What a page says of what was just tried: the server's words where it gave any, in the language of the reader. */

import type { WordKey } from '../words/zh';
import { words } from '../words/words.svelte';
import { Refused } from './session.svelte';

export class Told {
  #say: (() => string) | null = $state(null);
  /** Whether it went wrong. */
  wrong = $state(false);
  busy = $state(false);

  constructor(readonly otherwise: WordKey) {}

  get text(): string {
    return this.#say === null ? '' : this.#say();
  }

  clear(): void {
    this.#say = null;
    this.wrong = false;
  }

  say(what: () => string): void {
    this.#say = what;
    this.wrong = false;
  }

  /** Runs something; tells why where it was refused. Answers whether it went well. */
  async run(what: () => Promise<unknown>): Promise<boolean> {
    this.clear();
    this.busy = true;
    try {
      await what();
      return true;
    } catch (reason) {
      const text = reason instanceof Refused ? reason.text : null;
      this.#say = () => (text ? words.say(text) : words.t(this.otherwise));
      this.wrong = true;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
