/**
 * Whether the server's folder is a drill's, and where its clock stands. Asked as soon as the page is opened, signed in or not,
 * and kept on the device, so that a page without a network is marked as it was when there was one.
 */

import { flag, number, object, parse } from '../stream/checks';

const KEPT = 'outpace.drill';
/** A drill's clock moves by jumps: asked again this often, by drills only. */
const EVERY_MS = 15_000;

export interface DrillMark {
  drill: boolean;
  /** The server's clock, milliseconds since 1970. */
  now: number;
  offset_minutes: number;
}

const markCheck = object<DrillMark>({ drill: flag, now: number, offset_minutes: number });

function kept(): DrillMark | null {
  if (typeof localStorage === 'undefined') return null;
  const checked = parse(localStorage.getItem(KEPT) ?? 'null', markCheck);
  return checked.ok ? checked.value : null;
}

class Mark {
  #known: DrillMark | null = $state.raw(kept());

  /** Whether everything here is of a drill, as the server said last. */
  get drill(): boolean {
    return this.#known?.drill ?? false;
  }

  /**
   * The moment by which sheets and passes are good. In a drill that is the drill's clock, which stands still until it is moved;
   * elsewhere this device's own, which the server corrects and does not trust.
   */
  now(): number {
    return this.#known?.drill ? this.#known.now : Date.now();
  }

  /** What the server said. */
  take(mark: DrillMark): void {
    const before = this.#known;
    this.#known = mark;
    if (before?.drill === mark.drill && !mark.drill) return;
    try {
      localStorage.setItem(KEPT, JSON.stringify(mark));
    } catch {
      // A device without room is marked for as long as the page is open.
    }
  }

  /** Asks the server. Without an answer what was known stands. */
  async ask(): Promise<void> {
    try {
      const answer = await fetch('api/drill/mark', { cache: 'no-store' });
      const checked = answer.ok ? parse(await answer.text(), markCheck) : null;
      if (checked?.ok) this.take(checked.value);
    } catch {
      // No network: see above.
    }
  }

  /** Asks now, when the network comes back, and in a drill again and again. Answers a function that ends it. */
  follow(): () => void {
    const ask = () => void this.ask();
    ask();
    const timer = setInterval(() => { if (this.drill) ask(); }, EVERY_MS);
    window.addEventListener('online', ask);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', ask);
    };
  }
}

/** One for the page. */
export const mark = new Mark();
