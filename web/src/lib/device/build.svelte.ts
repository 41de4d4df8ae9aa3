/** Whether the server has a newer page than the one that is open, and how to change to it. Nothing changes by itself: records
 *  may wait, and the person at the page says when. */

/** How often an open page asks. */
const EVERY_MS = 5 * 60_000;

/** Whether an `index.html` begins another page than this one: the entry's name tells its content. */
export function isOther(html: string, entry: string): boolean {
  const name = entry.split('/').at(-1)?.split('?')[0] ?? '';
  return html.includes('<script type="module"') && name.endsWith('.js') && !html.includes(name);
}

/** The address of the script that began this page; empty where it is served in parts, while it is being developed. */
function entryOf(): string {
  return document.querySelector<HTMLScriptElement>('script[type=module][src*="assets/"]')?.src ?? '';
}

class Build {
  /** The server has a newer page. */
  newer = $state(false);
  /** A part of this page could not be fetched. */
  missing = $state(false);
  /** The device keeps the page and opens it without a network; `null` until that is known. */
  kept: boolean | null = $state(null);
  #worker: ServiceWorkerRegistration | null = null;

  /** Asks now and again, and when the page comes back to sight or to a network. Answers a function that ends it. */
  watch(): () => void {
    const ask = () => void this.ask();
    const seen = () => {
      if (document.visibilityState === 'visible') ask();
    };
    const broken = (event: Event) => {
      event.preventDefault();
      this.missing = true;
      ask();
    };
    const timer = setInterval(ask, EVERY_MS);
    window.addEventListener('online', ask);
    window.addEventListener('vite:preloadError', broken);
    document.addEventListener('visibilitychange', seen);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', ask);
      window.removeEventListener('vite:preloadError', broken);
      document.removeEventListener('visibilitychange', seen);
    };
  }

  /** Asks the server itself, past what the device keeps. */
  async ask(): Promise<void> {
    try {
      // No file that the device keeps has a question in its address, so the server answers.
      const answer = await fetch(`./index.html?asked=${Date.now()}`, { cache: 'no-store' });
      if (!answer.ok || !isOther(await answer.text(), entryOf())) return;
      this.newer = true;
      await this.#worker?.update();
    } catch {
      // Without a network there is nothing newer to be had.
    }
  }

  /** Lets the device keep the page, so that it opens without a network. */
  async keep(): Promise<void> {
    // A page that came from the device is kept there, whatever the network says now.
    if (navigator.serviceWorker?.controller) this.kept = true;
    try {
      this.#worker = await navigator.serviceWorker.register('./sw.js');
      const { waiting, active } = this.#worker;
      if (waiting !== null && active !== null) this.newer = true;
      const timeout = new Promise<null>((late) => setTimeout(() => late(null), 60_000));
      this.kept ||= (await Promise.race([navigator.serviceWorker.ready, timeout])) !== null;
    } catch {
      // Not over https, a private window, or a file that could not be fetched: the page is told as not kept.
      this.kept ??= false;
    }
  }

  /** Changes to the newer page: what the device keeps first, then the page opens anew. */
  async change(): Promise<void> {
    const worker = this.#worker ?? (await navigator.serviceWorker?.getRegistration()) ?? null;
    await worker?.update().catch(() => undefined);
    const next = worker?.waiting ?? worker?.installing ?? null;
    if (next === null) {
      window.location.reload();
      return;
    }
    navigator.serviceWorker.addEventListener('controllerchange', () => window.location.reload(), { once: true });
    const skip = () => next.postMessage({ type: 'SKIP_WAITING' });
    if (next.state === 'installed') skip();
    else next.addEventListener('statechange', () => next.state === 'installed' && skip());
  }
}

/** One for the page. */
export const build = new Build();
