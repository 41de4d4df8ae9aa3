/** Keeps one stream open: reconnects with growing pauses, notices silence, says what it is doing. */

import type { Live, Text } from '../live';
import { parse } from './checks';
import { liveCheck, writingCheck } from './contract';
import { EventReader } from './events';

/** Pauses before the next attempt; the last one repeats. */
const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
/** The server sends something at least every 10 seconds; after this long without anything the line is dead. */
const SILENCE_MAX_MS = 25_000;

export type ConnectionState =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** `since`: moment on this device; `attempt` counts from 1. */
  | { kind: 'lost'; since: number; attempt: number }
  /** `outside`: signed in, but this account may not watch. */
  | { kind: 'sign_in'; outside: boolean };

export interface Listener {
  live(moment: Live): void;
  /** Why nothing can be written at present; `null` while all is well. Said at the start and when it changes. */
  paused(why: Text | null): void;
  /** An event that breaks the contract, with the path of what is wrong. */
  misunderstood(path: string): void;
  state(state: ConnectionState): void;
}

export interface Surroundings {
  fetch: typeof fetch;
  now: () => number;
  /** Calls back after so many milliseconds; the answer cancels it. */
  later: (run: () => void, ms: number) => () => void;
}

const BROWSER: Surroundings = {
  fetch: (...call) => globalThis.fetch(...call),
  now: () => Date.now(),
  later: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** How long to wait before the attempt of this number, counted from 1. */
export function pauseBefore(attempt: number): number {
  return BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length) - 1] ?? BACK_OFF_MS[0] ?? 0;
}

/** Opens the stream and keeps it open. Answers a function that ends it. */
export function connect(
  url: string,
  listener: Listener,
  surroundings: Surroundings = BROWSER,
): () => void {
  let ended = false;
  let attempt = 0;
  let lostSince: number | null = null;
  let abort = new AbortController();
  let cancelPause = () => {};

  async function once(): Promise<'ended' | 'sign_in' | 'outside'> {
    abort = new AbortController();
    const watch = watchdog(() => abort.abort(), surroundings);
    try {
      const headers = { Accept: 'text/event-stream' };
      const answer = await surroundings.fetch(url, { headers, cache: 'no-store', signal: abort.signal });
      if (answer.status === 401) return 'sign_in';
      if (answer.status === 403) return 'outside';
      if (!answer.ok || !answer.body) return 'ended';
      await read(answer.body, watch.alive);
      return 'ended';
    } finally {
      watch.stop();
    }
  }

  async function read(body: ReadableStream<Uint8Array>, alive: () => void): Promise<void> {
    const bytes = body.getReader();
    const decoder = new TextDecoder();
    const events = new EventReader();
    for (;;) {
      const { done, value } = await bytes.read();
      if (done || ended) return;
      alive();
      for (const event of events.feed(decoder.decode(value, { stream: true }))) {
        if (event.name === 'live') take(event.data);
        if (event.name === 'writing') takePaused(event.data);
      }
    }
  }

  function take(data: string): void {
    const checked = parse(data, liveCheck);
    attempt = 0;
    lostSince = null;
    listener.state({ kind: 'live' });
    if (checked.ok) listener.live(checked.value);
    else listener.misunderstood(checked.path);
  }

  function takePaused(data: string): void {
    const checked = parse(data, writingCheck);
    if (checked.ok) listener.paused(checked.value.paused);
    else listener.misunderstood(checked.path);
  }

  async function run(): Promise<void> {
    const outcome = await once().catch(() => 'ended' as const);
    if (ended) return;
    if (outcome !== 'ended') {
      listener.state({ kind: 'sign_in', outside: outcome === 'outside' });
      return;
    }
    attempt += 1;
    lostSince ??= surroundings.now();
    listener.state({ kind: 'lost', since: lostSince, attempt });
    cancelPause = surroundings.later(() => void run(), pauseBefore(attempt));
  }

  listener.state({ kind: 'connecting' });
  void run();
  return () => {
    ended = true;
    cancelPause();
    abort.abort();
  };
}

function watchdog(silent: () => void, surroundings: Surroundings): { alive: () => void; stop: () => void } {
  let stop = surroundings.later(silent, SILENCE_MAX_MS);
  return {
    alive: () => {
      stop();
      stop = surroundings.later(silent, SILENCE_MAX_MS);
    },
    stop: () => stop(),
  };
}
