import { expect, test, vi } from 'vitest';

import live from '../../../fixtures/live.json?raw';
import { connect, pauseBefore, type ConnectionState, type Surroundings } from './connection';

const EVENT = `event: live\ndata: ${JSON.stringify(JSON.parse(live))}\n\n`;

/** A server that gives one answer after the other, and a clock that stands still. */
function play(answers: (() => Response | Promise<Response>)[]) {
  const seen: { states: ConnectionState[]; moments: number; wrong: string[]; paused: (string | null)[]; pauses: number[] } = {
    states: [], moments: 0, wrong: [], paused: [], pauses: [],
  };
  let wake: () => void = () => {};
  const surroundings: Surroundings = {
    fetch: async () => {
      const next = answers.shift();
      if (!next) throw new TypeError('refused');
      return next();
    },
    now: () => 1_000,
    later: (run, ms) => {
      if (ms < 20_000) {
        seen.pauses.push(ms);
        wake = run;
      }
      return () => {};
    },
  };
  const stop = connect('api/live', {
    live: () => (seen.moments += 1),
    paused: (why) => seen.paused.push(why?.en ?? null),
    misunderstood: (path) => seen.wrong.push(path),
    state: (state) => seen.states.push(state),
  }, surroundings);
  // Each answer ends with the line lost, or with the question who is there: that is waited for, however busy the machine is.
  const ended = () => seen.states.filter(({ kind }) => kind === 'lost' || kind === 'sign_in').length;
  let known = 0;
  const settle = async () => {
    await vi.waitFor(() => expect(ended()).toBeGreaterThan(known), { timeout: 4_000, interval: 1 });
    known = ended();
  };
  return { seen, stop, wake: () => wake(), settle };
}

test('a moment arrives', async () => {
  const game = play([() => new Response(EVENT)]);
  await game.settle();
  expect(game.seen.moments).toBe(1);
  game.stop();
});

test('a line that ends is opened again, with longer pauses, and remembers since when it was lost', async () => {
  const game = play([]);
  for (let attempt = 0; attempt < 7; attempt += 1) {
    await game.settle();
    game.wake();
  }
  await game.settle();
  expect(game.seen.pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  expect(game.seen.states.at(-1)).toEqual({ kind: 'lost', since: 1_000, attempt: 8 });
  game.stop();
});

test('after a good moment the pauses begin anew', async () => {
  const game = play([() => Promise.reject(new TypeError('down')), () => new Response(EVENT)]);
  await game.settle();
  game.wake();
  await game.settle();
  expect(game.seen.states.map(({ kind }) => kind)).toEqual(['connecting', 'lost', 'live', 'lost']);
  expect(game.seen.pauses).toEqual([500, 500]);
  game.stop();
});

test('who is not signed in is asked to, and nothing is tried again', async () => {
  const game = play([() => new Response('{}', { status: 401 })]);
  await game.settle();
  expect(game.seen.states.at(-1)).toEqual({ kind: 'sign_in', outside: false });
  expect(game.seen.pauses).toEqual([]);
  game.stop();
});

test('an event that breaks the contract is told and does not replace the last good moment', async () => {
  const game = play([() => new Response(`${EVENT}event: live\ndata: {"now":1}\n\n`)]);
  await game.settle();
  expect(game.seen.moments).toBe(1);
  expect(game.seen.wrong).toEqual(['clock: string']);
  game.stop();
});

test('why nothing can be written is told, and told again when it ends', async () => {
  const full = { paused: { zh: '磁盘空间已满', en: 'the disk is full' } };
  const told = [{ paused: null }, full, { paused: null }, { paused: 7 }];
  const wire = told.map((event) => `event: writing\ndata: ${JSON.stringify(event)}\n\n`).join('');
  const game = play([() => new Response(wire)]);
  await game.settle();
  expect(game.seen.paused).toEqual([null, 'the disk is full', null]);
  expect(game.seen.wrong).toEqual(['paused: object']);
  game.stop();
});

test('the pause never grows beyond its last step', () => {
  expect(pauseBefore(1)).toBe(500);
  expect(pauseBefore(1_000)).toBe(15_000);
});
