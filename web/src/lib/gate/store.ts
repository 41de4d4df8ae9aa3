/** What a gate keeps on the device: the list as it was signed, with its maps, in IndexedDB; `localStorage` holds too little. */

import type { GateMapBytes, SignedHead } from './verify';

const NAME = 'outpace-gate';

export interface KeptList {
  /** The office's key, known from the first fetch. */
  office: string;
  signed: SignedHead;
  maps: GateMapBytes[];
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore('list');
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error('IndexedDB'));
  });
}

async function run<T>(mode: IDBTransactionMode, act: (list: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise((done, failed) => {
      const transaction = database.transaction('list', mode);
      const request = act(transaction.objectStore('list'));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = () => failed(transaction.error ?? new Error('IndexedDB'));
      transaction.onabort = () => failed(transaction.error ?? new Error('IndexedDB'));
    });
  } finally {
    database.close();
  }
}

/** The list of the device; `null` where there is none. */
export const loadList = async (): Promise<KeptList | null> => (await run<KeptList | undefined>('readonly', (list) => list.get('list') as IDBRequest<KeptList | undefined>)) ?? null;

export async function keepList(kept: KeptList): Promise<void> {
  await run('readwrite', (list) => list.put(kept, 'list'));
}
