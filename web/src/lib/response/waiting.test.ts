import { expect, test } from 'vitest';

import type { WaitingLine, WaitingPlan } from '../live';
import { answerable, differs, grewWorse, mine } from './waiting';

const line = (key: string, people: number, days: number, more: Partial<WaitingLine> = {}): WaitingLine => ({
  line: {
    key,
    action: 'add',
    title: { zh: key, en: key },
    missing_carers: [],
    price: { affected: { locked: people, controlled: 0, precaution: 0, facility: 0, home: 0, held: 0 }, person_days: days, person_days_on_judgement: 1, beds: 0 },
  },
  said_yes: [],
  follows: false,
  mine: true,
  why_not: null,
  ...more,
});
const plan = (number: number, ...lines: WaitingLine[]): WaitingPlan => ({ plan: number, lines, price: line('', 0, 0).line.price });

test('what asks for more, or joined, grew worse; what asks for less did not', () => {
  const seen = plan(3, line('a', 10, 100), line('b', 5, 50), line('c', 7, 70));
  const newest = plan(4, line('a', 12, 100), line('b', 5, 40), line('d', 1, 3), line('e', 0, 0, { follows: true, mine: false }));
  expect(grewWorse(seen, newest)).toEqual([
    { key: 'a', title: { zh: 'a', en: 'a' }, joined: false, people: { was: 10, is: 12 }, days: { was: 100, is: 100 } },
    { key: 'd', title: { zh: 'd', en: 'd' }, joined: true, people: { was: 0, is: 1 }, days: { was: 0, is: 3 } },
  ]);
  expect(grewWorse(seen, seen)).toEqual([]);
});

test('another number alone is no other plan', () => {
  expect(differs(plan(3, line('a', 10, 100)), plan(4, line('a', 10, 100)))).toBe(false);
  expect(differs(plan(3, line('a', 10, 100)), plan(3, line('a', 10, 100, { said_yes: [7] })))).toBe(true);
  expect(differs(plan(3, line('a', 10, 100)), plan(4))).toBe(true);
});

test('only what is the officer\'s own and chosen is answered', () => {
  const shown = plan(3, line('a', 10, 100), line('b', 5, 50), line('c', 7, 70, { mine: false }));
  expect(mine(shown, new Set(['b']))).toEqual({ keys: ['a'], people: 10, days: 100, judged: 1 });
});

test('what comes with another line stands apart, and the officer\'s own lines stand first', () => {
  const shown = plan(3, line('a', 0, 0, { follows: true, mine: false }), line('b', 5, 50, { mine: false }), line('c', 7, 70));
  const { lines, following } = answerable(shown);
  expect(lines.map(({ line }) => line.key)).toEqual(['c', 'b']);
  expect(following.map(({ line }) => line.key)).toEqual(['a']);
});
