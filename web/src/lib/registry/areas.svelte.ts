/** Names of the areas of the jurisdiction, for fields in which a code is typed. What may not be read stays a code. */

import { untrack } from 'svelte';
import { session } from '../access/session.svelte';
import { list, number, object, text } from '../stream/checks';
import { words } from '../words/words.svelte';

interface Area { id: number; name: string; name_en: string }
const areasCheck = object<{ areas: Area[] }>({ areas: list(object<Area>({ id: number, name: text, name_en: text })) });
const LEVELS = ['county', 'township', 'village'] as const;

class Areas {
  all: Area[] = $state.raw([]);
  /** The reading that is under way. */
  #reading: Promise<void> | null = null;

  /**
   * Reads them, unless they are known or being read. Whoever calls it from an effect does not depend on what comes back: an empty
   * registry would otherwise be asked again and again.
   */
  read(): Promise<void> {
    return untrack(() => {
      if (this.all.length > 0) return Promise.resolve();
      this.#reading ??= this.#read().finally(() => (this.#reading = null));
      return this.#reading;
    });
  }

  async #read(): Promise<void> {
    const levels = await Promise.allSettled(LEVELS.map((level) => session.read(`api/registry/areas?level=${level}`, areasCheck)));
    this.all = levels.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.areas : []));
  }

  /** The name of a code, or the code. A grid is told by its village. */
  name(code: number): string {
    const known = this.all.find(({ id }) => id === code) ?? this.all.find(({ id }) => id === Math.trunc(code / 1_000));
    if (!known) return String(code);
    const name = words.language === 'zh' ? known.name : known.name_en;
    return known.id === code ? name : `${name} ${code}`;
  }
}

/** One for the page. */
export const areas = new Areas();
