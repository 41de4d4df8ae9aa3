import { expect, test } from 'vitest';

import sample from '../../../fixtures/live.json';
import type { Live } from '../live';
import { alarmsOf, identity } from './alarms';

const live = sample as unknown as Live;
const calm: Live = {
  ...live,
  plan: null,
  verbs: live.verbs.map((step) => ({ ...step, late: 0 })),
  orders: { ...live.orders, overdue: 0 },
  holds: { ...live.holds, lapsed: 0 },
  supplies: [],
};

test('when nothing is late and nothing waits there is no alarm', () => {
  expect(alarmsOf(calm)).toEqual([]);
});

test('what waits for a yes comes first, then a law that is broken', () => {
  const kinds = alarmsOf({ ...live, conservation: { ...live.conservation, difference: -1, people_difference: 2 } }).map(({ kind }) => kind);
  expect(kinds).toEqual(['plan', 'conservation', 'people', 'overdue', 'verb', 'verb', 'lapsed', 'supply']);
});

test('a break-glass access is told for as long as it stands open', () => {
  expect(alarmsOf({ ...calm, glass: 2 })).toEqual([{ kind: 'glass', open: 2 }]);
});

test('a plan that was decided waits for nobody', () => {
  expect(alarmsOf({ ...calm, plan: live.plan && { ...live.plan, state: 'approved', waits_for: null } })).toEqual([]);
});

test('the clock alone makes no alarm new', () => {
  const later = { ...live, now: live.now + 3_600_000, holds: { ...live.holds, lapsed: 9 } };
  expect(alarmsOf(later).map(identity)).toEqual(alarmsOf(live).map(identity));
});

test('a stock nobody drew on is no alarm', () => {
  const supplies = live.supplies.map((supply) => ({ ...supply, days_left: null }));
  expect(alarmsOf({ ...calm, supplies })).toEqual([]);
});
