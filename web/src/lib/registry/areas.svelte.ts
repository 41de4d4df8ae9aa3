/** Names of the areas of the jurisdiction, for fields in which a code is typed. What may not be read stays a code. */

import { session } from '../access/session.svelte';
import { list, number, object, text } from '../stream/checks';
import { words } from '../words/words.svelte';

interface Area { id: number; name: string; name_en: string }
const areasCheck = object<{ areas: Area[] }>({ areas: list(object<Area>({ id: number, name: text, name_en: text })) });
const LEVELS = ['county', 'township', 'village'] as const;

class Areas {
  all: Area[] = $state.raw([]);

  /** Reads them once. */
  async read(): Promise<void> {
    if (this.all.length > 0) return;
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
