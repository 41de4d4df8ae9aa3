import { expect, test } from 'vitest';

import { zh } from '../words/zh';
import { elsewhereOf, landing, placesOf, watches } from './landing';

test('who may watch lands at the live view', () => {
  expect(landing(['command_read', 'screening_sample'])).toBe('#/');
  expect(watches(['screening_read'])).toBe(false);
});

test('who has the permission for a part only lands at their work', () => {
  expect(landing(['command_read'], false)).toBe('#/work');
});

test('who stands at a lane or a gate all day lands there', () => {
  expect(landing(['screening_sample', 'screening_read'])).toBe('#/lane');
  expect(landing(['check_in_record'])).toBe('#/gate');
});

test('everybody else is told where their work is, a role without anything too', () => {
  expect(landing(['resident_admit'])).toBe('#/work');
  expect(landing([])).toBe('#/work');
  expect(placesOf(['resident_admit']).map(({ key }) => key)).toEqual(['answers']);
});

test('whatever has no page is told in words', () => {
  for (const work of elsewhereOf(['laboratory_work', 'trip_work', 'facility_work', 'tracing_record'])) {
    expect(zh[`work_${work}`], work).toMatch(/\p{Script=Han}/u);
  }
});
