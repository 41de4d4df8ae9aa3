import { expect, test } from 'vitest';

import briefing from '../../../fixtures/briefing.json?raw';
import live from '../../../fixtures/live.json?raw';
import report from '../../../fixtures/report.json?raw';
import { parse } from './checks';
import { briefingCheck, liveCheck, reportCheck } from './contract';

type Tree = Record<string, unknown>;

test('the sample moment and the sample report keep the contract', () => {
  expect(parse(live, liveCheck)).toMatchObject({ ok: true });
  expect(parse(report, reportCheck)).toMatchObject({ ok: true });
  expect(parse(briefing, briefingCheck)).toMatchObject({ ok: true });
});

test('a field that is left out is named, whichever it is', () => {
  for (const field of Object.keys(JSON.parse(live) as Tree)) {
    const without = JSON.parse(live) as Tree;
    delete without[field];
    const checked = parse(JSON.stringify(without), liveCheck);
    expect(checked, field).toMatchObject({ ok: false });
    if (!checked.ok) expect(checked.path.startsWith(field)).toBe(true);
  }
});

test('a wrong value deep inside is named by its path', () => {
  const wrong = JSON.parse(live) as { zones: { level: string }[] };
  wrong.zones[2]!.level = 'purple';
  expect(parse(JSON.stringify(wrong), liveCheck)).toEqual({
    ok: false,
    path: 'zones[2].level: lockdown | control | precaution | high | medium | low',
  });
});

test('what is not known may be null only where the contract says so', () => {
  const moment = JSON.parse(live) as Tree;
  expect(parse(JSON.stringify({ ...moment, plan: null, scenario: null }), liveCheck)).toMatchObject({ ok: true });
  expect(parse(JSON.stringify({ ...moment, clock: null }), liveCheck)).toEqual({ ok: false, path: 'clock: string' });
});

test('half a message is refused, not guessed', () => {
  expect(parse(live.slice(0, 500), liveCheck)).toEqual({ ok: false, path: 'JSON' });
});
