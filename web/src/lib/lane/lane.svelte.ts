/** A lane at work: with a network or without, the same. Every act becomes a signed record first, and is sent when it can be. */

import { session } from '../access/session.svelte';
import { mergeAnswerCheck } from './contract';
import { Guards, type Guard } from './guards';
import { isOffices, numberMark, recordMac, seal } from './keys';
import { readSheet, writeFile, type LaneSheet, type MergeAnswer, type SignedSheet, type Told, type What, type Who } from './model';
import { keepHeld, keepRecord, loadHeld, loadRecords, markSent, type Held, type Kept } from './store';

/** Records in one request: as many as the office takes in a moment. */
const SEND_MAX = 500;
const DEVICE_BYTES = 12;

const random = (): string => Array.from(crypto.getRandomValues(new Uint8Array(DEVICE_BYTES)), (byte) => byte.toString(16).padStart(2, '0')).join('');

class Lane {
  held: Held | null = $state.raw(null);
  records: Kept[] = $state.raw([]);
  ready = $state(false);
  online = $state(typeof navigator === 'undefined' ? true : navigator.onLine);
  busy = $state(false);
  /** Whether the sheet's signature was seen to be the office's; `null` where this browser cannot tell. */
  trusted: boolean | null = $state(null);
  returned = $state(false);
  sheet: LaneSheet | null = $derived(this.held === null ? null : readSheet(this.held.signed));
  guards: Guards | null = $derived(this.sheet === null ? null : new Guards(this.sheet));
  tube = $derived(this.held?.tube ?? '');
  inTube = $derived(this.records.filter((record) => record.tube === this.tube && record.kind === 'swab' && !record.undone && this.tube !== ''));
  unsent = $derived(this.records.filter((record) => record.sent === 0).length);
  sealed = $derived(new Set(this.records.filter((record) => record.kind === 'seal').map((record) => record.tube)));
  /** One act after the other: two taps in one moment must not take one counter. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Reads what the device kept. */
  async wake(): Promise<void> {
    const held = await loadHeld();
    if (held && readSheet(held.signed)) {
      this.held = held;
      this.records = await loadRecords(readSheet(held.signed)?.sheet ?? 0);
      this.trusted = await isOffices(held.signed, null);
    }
    this.ready = true;
  }

  /** Takes a sheet: from the office (`officeTime`: its clock when it answered) or from a file. False where it is none of the office's. */
  async take(signed: SignedSheet, officeKey: string | null, officeTime: number | null): Promise<boolean> {
    const sheet = readSheet(signed);
    const trusted = sheet === null ? false : await isOffices(signed, officeKey);
    if (sheet === null || trusted === false) return false;
    const same = this.sheet?.sheet === sheet.sheet ? this.held : null;
    const aheadMs = officeTime === null ? (same?.aheadMs ?? null) : Date.now() - officeTime;
    const held = { signed, device: same?.device ?? random(), aheadMs, tube: same?.tube ?? '' };
    await keepHeld(held);
    this.held = held;
    this.trusted = trusted;
    this.returned = false;
    this.records = await loadRecords(sheet.sheet);
    return true;
  }

  async setTube(tube: string): Promise<void> {
    if (this.held === null) return;
    const held = { ...this.held, tube };
    await keepHeld(held);
    this.held = held;
  }

  /** Whom the sheet warns of, by the number on a card. */
  async byCard(number: string, born: string, sex: 'male' | 'female'): Promise<Guard | null> {
    if (this.sheet === null || this.guards === null) return null;
    const mark = await numberMark(this.sheet.guards.mark_key, number);
    return this.guards.byMark(mark, Number(born.slice(0, 4)), sex);
  }

  swabCode = (person: number, own: boolean): Promise<void> => this.#note((tube) => ({ kind: 'swab', tube, who: { by: 'code', person }, own }));

  swabTold = (told: Told): Promise<void> =>
    this.#note(async (tube, counter) => {
      const [sheet, device] = [this.sheet, this.held?.device ?? ''];
      if (sheet === null) throw new Error('no sheet');
      const who: Who = { by: 'sealed', sealed: await seal(sheet.keys.seal, sheet.sheet, device, counter, told) };
      return { kind: 'swab', tube, who };
    });

  swabNobody = (slip: string): Promise<void> =>
    this.#note((tube) => ({ kind: 'swab', tube, who: { by: 'nobody', no_file: 'no_document', slip: slip === '' ? null : slip } }));

  undo = (counter: number): Promise<void> => this.#note(() => ({ kind: 'undo', counter }));

  async seal(): Promise<void> {
    await this.#note((tube) => ({ kind: 'seal', tube }));
    await this.setTube('');
  }

  done = (): Promise<void> => this.#note(() => ({ kind: 'done' }));

  #note(make: (tube: string, counter: number) => What | Promise<What>): Promise<void> {
    const act = this.#turn.then(() => this.#write(make));
    // The next act waits for this one, whether it went well or not.
    this.#turn = act.catch(() => undefined);
    return act;
  }

  async #write(make: (tube: string, counter: number) => What | Promise<What>): Promise<void> {
    if (this.held === null || this.sheet === null) throw new Error('no sheet');
    const counter = (this.records.at(-1)?.counter ?? 0) + 1;
    const what = await make(this.tube, counter);
    const { device, aheadMs } = this.held;
    const ahead = aheadMs === null ? {} : { ahead_ms: aheadMs };
    const record = JSON.stringify({ sheet: this.sheet.sheet, device, counter, at: Date.now(), ...ahead, what });
    const mac = await recordMac(this.sheet.keys.record, record);
    const tube = what.kind === 'swab' || what.kind === 'seal' ? what.tube : '';
    const kept: Kept = { sheet: this.sheet.sheet, counter, tube, kind: what.kind, record, mac, sent: 0, undone: false };
    const taken = what.kind === 'undo' ? this.records.filter((other) => other.counter === what.counter).map((other) => ({ ...other, undone: true })) : [];
    await keepRecord(kept, taken);
    this.records = [...this.records.map((other) => taken.find((changed) => changed.counter === other.counter) ?? other), kept];
  }

  /** Sends what the office does not have yet, in parts. What it answered for is marked, so that a break costs one part. */
  async send(): Promise<MergeAnswer[]> {
    if (this.sheet === null) return [];
    const answers: MergeAnswer[] = [];
    this.busy = true;
    try {
      const unsent = this.records.filter((record) => record.sent === 0);
      for (let first = 0; first < unsent.length; first += SEND_MAX) {
        const part = unsent.slice(first, first + SEND_MAX);
        const records = part.map(({ record, mac }) => ({ record, mac }));
        const body = { sheet: this.sheet.sheet, records };
        const answer = await session.post('api/screening/lanes/records', body, mergeAnswerCheck);
        await markSent(part);
        const counters = new Set(part.map((record) => record.counter));
        this.records = this.records.map((record) => (counters.has(record.counter) ? { ...record, sent: 1 } : record));
        this.returned = answer.returned;
        answers.push(answer);
      }
    } finally {
      this.busy = false;
    }
    return answers;
  }

  /** Everything as a file: sent or not, twice does no harm. */
  file(): string {
    return this.sheet === null ? '' : writeFile(this.sheet.sheet, this.records.map(({ record, mac }) => ({ record, mac })));
  }

  /** Puts the sheet away; its records stay on the device. */
  async leave(): Promise<void> {
    await keepHeld(null);
    this.held = null;
    this.records = [];
  }
}

/** One for the page. */
export const lane = new Lane();
