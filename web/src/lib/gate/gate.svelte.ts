/** A gate's memory: the list that it fetched, kept on the device, and whose list it is. */

import { session } from '../access/session.svelte';
import { list as listOf, number, object, text } from '../stream/checks';
import { readList, verify, type GateKey, type GateList, type Pass, type Refusal, type SignedGateList } from './verify';

const KEPT = 'outpace.gate';
/** How often a gate with a network fetches the list. */
const EVERY_MS = 5 * 60_000;

const signedCheck = object<SignedGateList>({ list: text, signature: text, key: text });
const keysCheck = object<{ list: string; status: GateKey[] }>({ list: text, status: listOf(object<GateKey>({ key: text, from: number, until: number })) });

class Gate {
  list: GateList | null = $state(null);
  online = $state(typeof navigator === 'undefined' ? true : navigator.onLine);
  /** Whether a list came that is not the office's. */
  wrong = $state(false);

  /** Takes up what the device kept, and fetches again and again while there is a network. */
  open(): () => void {
    void this.#take(this.#kept());
    const [on, off] = [() => (this.online = true), () => (this.online = false)];
    window.addEventListener('online', on);
    window.addEventListener('offline', off);
    const timer = setInterval(() => {
      if (this.online && session.who !== null) void this.fetch().catch(() => undefined);
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', on);
      window.removeEventListener('offline', off);
    };
  }

  /** Fetches the list of now. Throws {@link Refused}. */
  async fetch(): Promise<void> {
    const keys = await session.read('api/status/gate-keys', keysCheck);
    const signed = await session.read('api/status/gate-list', signedCheck);
    const office = this.#kept()?.office ?? keys.list;
    if (await this.#take({ office, signed })) localStorage.setItem(KEPT, JSON.stringify({ office, signed }));
  }

  check = (text: string, now: number): Promise<Pass | Refusal> => (this.list === null ? Promise.resolve('unknown_key') : verify(text, this.list, now));

  #kept(): { office: string; signed: SignedGateList } | null {
    try {
      return JSON.parse(localStorage.getItem(KEPT) ?? 'null') as { office: string; signed: SignedGateList } | null;
    } catch {
      return null;
    }
  }

  async #take(kept: { office: string; signed: SignedGateList } | null): Promise<boolean> {
    if (kept === null) return false;
    const list = await readList(kept.signed, kept.office).catch(() => null);
    this.wrong = list === null;
    if (list !== null) this.list = list;
    return list !== null;
  }
}

/** One for the page. */
export const gate = new Gate();
