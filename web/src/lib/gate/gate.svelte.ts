/** A gate's memory: the list that it fetched, kept on the device, and whose list it is. */

import { session } from '../access/session.svelte';
import { list as listOf, number, object, text, type Check } from '../stream/checks';
import { keepList, loadList } from './store';
import { keptList, readList, verify, type GateKey, type GateList, type MapUpdate, type Pass, type Refusal, type SignedGateList } from './verify';

/** Where an earlier page kept a list that this one does not read. */
const KEPT_BEFORE = 'outpace.gate';
/** How often a gate with a network fetches the list. */
const EVERY_MS = 5 * 60_000;

const absentOr = (check: Check<string>): Check<string | undefined> => (value, path) => (value === undefined ? null : check(value, path));
const updateCheck = object<MapUpdate>({ since: absentOr(text), changes: absentOr(text), whole: absentOr(text) });
const signedCheck = object<SignedGateList>({ list: text, signature: text, key: text, maps: listOf(updateCheck) });
const keysCheck = object<{ list: string; status: GateKey[] }>({ list: text, status: listOf(object<GateKey>({ key: text, from: number, until: number })) });

class Gate {
  list: GateList | null = $state.raw(null);
  online = $state(typeof navigator === 'undefined' ? true : navigator.onLine);
  /** Whether a list came that is not the office's. */
  wrong = $state(false);
  /** The device could not keep the list: after a restart without a network it is not there. */
  unkept = $state(false);
  #office: string | null = null;

  /** Takes up what the device kept, and fetches again and again while there is a network. */
  open(): () => void {
    localStorage.removeItem(KEPT_BEFORE);
    void this.#wake();
    const on = () => {
      this.online = true;
      void this.#renew();
    };
    const off = () => (this.online = false);
    window.addEventListener('online', on);
    window.addEventListener('offline', off);
    const timer = setInterval(() => void this.#renew(), EVERY_MS);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', on);
      window.removeEventListener('offline', off);
    };
  }

  /** Fetches the list of now: of its maps only what changed since the one that is here. Throws {@link Refused}. */
  async fetch(): Promise<void> {
    const keys = await session.read('api/status/gate-keys', keysCheck);
    const office = this.#office ?? keys.list;
    const have = this.list?.head.maps.map(({ sha256 }) => sha256).join(',') ?? '';
    const signed = await session.read(`api/status/gate-list?have=${have}`, signedCheck);
    const list = await readList(signed, office, this.list?.maps ?? []);
    this.wrong = list === null;
    if (list === null) return;
    this.#office = office;
    this.list = list;
    const { list: head, signature, key } = signed;
    this.unkept = await keepList({ office, signed: { list: head, signature, key }, maps: list.maps }).then(() => false, () => true);
  }

  check = (text: string, now: number): Promise<Pass | Refusal> => (this.list === null ? Promise.resolve('unknown_key') : verify(text, this.list, now));

  /** Fetches by itself. A page that was opened without a network does not know yet that its keeper is signed in. */
  async #renew(): Promise<void> {
    if (!this.online) return;
    if (session.who === null) await session.look();
    // What fails is tried again; the page says how old its list is.
    if (session.who !== null) await this.fetch().catch(() => undefined);
  }

  async #wake(): Promise<void> {
    try {
      const kept = await loadList();
      if (kept === null || this.list !== null) return;
      const list = await keptList(kept.signed, kept.office, kept.maps);
      this.wrong = list === null;
      this.#office = kept.office;
      this.list = list;
    } catch {
      // A browser that keeps nothing: the list is fetched anew each time.
      this.unkept = true;
    }
  }
}

/** One for the page. */
export const gate = new Gate();
