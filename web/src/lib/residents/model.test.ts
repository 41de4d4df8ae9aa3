import { expect, test } from 'vitest';

import { inOrder, requestsCheck, type Waiting } from './model';
import { parse } from '../stream/checks';

const waiting = (id: number, due_at: number, refused: boolean): Waiting => ({
  request: { id, kind: 'appeal', person: 7, about: null, words: '', asked_by: 'own', asked_at: 0, due_at, outcome: null },
  area: { zh: '村', en: 'village' }, measure: null, decided_by: [], refused: refused ? { zh: '不', en: 'no' } : null, needs_fact: true, grounds: [],
});

test('what the reader may answer comes first, each by its deadline', () => {
  const all = [waiting(1, 5, true), waiting(2, 9, false), waiting(3, 7, false), waiting(4, 1, true)];
  expect(inOrder(all).map(({ request }) => request.id)).toEqual([3, 2, 4, 1]);
  expect(all.map(({ request }) => request.id)).toEqual([1, 2, 3, 4]);
});

test('a list that breaks the contract is told with its path', () => {
  const answer = { requests: [waiting(1, 5, false)], next: null, now: 1, offset_minutes: 480 };
  expect(parse(JSON.stringify(answer), requestsCheck).ok).toBe(true);
  const broken = { ...answer, requests: [{ ...waiting(1, 5, false), needs_fact: 'yes' }] };
  expect(parse(JSON.stringify(broken), requestsCheck)).toEqual({ ok: false, path: 'requests[0].needs_fact: boolean' });
});
