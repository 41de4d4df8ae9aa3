/** The outlines of the jurisdiction, read once. */

import { session } from '../access/session.svelte';
import type { AreaCode, Boundaries } from '../live';
import { normal, type Outline } from './sketch';

const LEVELS = ['county', 'township', 'village'] as const;
const RETRY_MS = 3_000;
const TRIES_MAX = 20;

class Outlines {
  all: Outline | null = $state.raw(null);

  /** Reads the outlines under an area, and again after a pause while the server cannot give them. */
  read(under: AreaCode): () => void {
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const attempt = async (tries: number): Promise<void> => {
      try {
        const all = await this.#fetch(under);
        if (!ended) this.all = all;
        if (all.features.length > 0) return;
      } catch {
        // The line may be down; the page says so elsewhere. Try again below.
      }
      if (!ended && tries < TRIES_MAX) timer = setTimeout(() => void attempt(tries + 1), RETRY_MS);
    };
    void attempt(1);
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  async #fetch(under: AreaCode): Promise<Outline> {
    const parts = await Promise.all(
      LEVELS.map((level) => session.get(`api/registry/boundaries?under=${under}&level=${level}`)),
    );
    return normal(parts.map((part) => JSON.parse(part) as Boundaries));
  }
}

/** One for the page. */
export const outlines = new Outlines();
