/** What the device keeps: the sheet and its records, in IndexedDB, so that a closed page or an empty battery costs nothing. */

import type { SignedRecord, SignedSheet } from './model';

const NAME = 'outpace-lane';

/** The sheet in use and what this device needs to go on under it. */
export interface Held {
  signed: SignedSheet;
  /** This device's own random name. */
  device: string;
  /** By how much this device's clock ran ahead of the office's when the sheet came, milliseconds; `null`: not known. */
  aheadMs: number | null;
  /** The tube in hand. */
  tube: string;
}

/** A record as it is kept: nothing of it tells who somebody is. */
export interface Kept extends SignedRecord {
  sheet: number;
  counter: number;
  tube: string;
  kind: string;
  /** 1 once the office said that it has it. */
  sent: 0 | 1;
  /** Taken back by a later record. */
  undone: boolean;
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('held');
      request.result.createObjectStore('records', { keyPath: ['sheet', 'counter'] });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error('IndexedDB'));
  });
}

async function run<T>(mode: IDBTransactionMode, act: (held: IDBObjectStore, records: IDBObjectStore) => IDBRequest<T> | null): Promise<T | undefined> {
  const database = await open();
  try {
    return await new Promise((done, failed) => {
      // Durable before the next person steps up, not when the system finds time.
      const transaction = database.transaction(['held', 'records'], mode, { durability: 'strict' });
      const request = act(transaction.objectStore('held'), transaction.objectStore('records'));
      transaction.oncomplete = () => done(request?.result);
      transaction.onerror = () => failed(transaction.error ?? new Error('IndexedDB'));
      transaction.onabort = () => failed(transaction.error ?? new Error('IndexedDB'));
    });
  } finally {
    database.close();
  }
}

export const loadHeld = (): Promise<Held | undefined> => run<Held>('readonly', (held) => held.get('sheet') as IDBRequest<Held>);

export async function keepHeld(value: Held | null): Promise<void> {
  await run('readwrite', (held) => (value === null ? held.delete('sheet') : held.put(value, 'sheet')) as IDBRequest<unknown>);
}

export async function loadRecords(sheet: number): Promise<Kept[]> {
  const all = (await run<Kept[]>('readonly', (_, records) => records.getAll() as IDBRequest<Kept[]>)) ?? [];
  return all.filter((record) => record.sheet === sheet).sort((a, b) => a.counter - b.counter);
}

/** Keeps a record, and changes of others, all or none. `add` fails where the counter is taken. */
export async function keepRecord(record: Kept, changed: Kept[] = []): Promise<void> {
  await run('readwrite', (_, records) => {
    for (const other of changed) records.put(other);
    return records.add(record) as IDBRequest<unknown>;
  });
}

export async function markSent(kept: Kept[]): Promise<void> {
  await run('readwrite', (_, records) => {
    for (const record of kept) records.put({ ...record, sent: 1 });
    return null;
  });
}
