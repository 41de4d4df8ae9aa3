/** Whether the browser promised to keep what this page stores. Without the promise it may delete records of its own accord when
 *  space on the device runs short. */

export type Promised = 'asking' | 'kept' | 'may_go' | 'unknown';

class Storage {
  promised: Promised = $state('asking');

  /** Asks the browser, which may ask the person. Throws nothing. */
  async ask(): Promise<void> {
    const { storage } = navigator;
    if (storage?.persist === undefined) {
      this.promised = 'unknown';
      return;
    }
    try {
      this.promised = (await storage.persisted()) || (await storage.persist()) ? 'kept' : 'may_go';
    } catch {
      this.promised = 'unknown';
    }
  }
}

/** One for the page. */
export const storage = new Storage();
