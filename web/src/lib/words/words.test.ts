import { expect, test } from 'vitest';

import { en } from './en';
import { count, dateAndTime, day, duration, figure, hhmm, percent, typed, when, word } from './format';
import { zh, type WordKey } from './zh';

const KEYS = Object.keys(zh) as WordKey[];
const CHINA = 480;
const NIGHT = Date.UTC(2022, 3, 13, 13, 42);
const placeholders = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages have the same words', () => {
  expect(Object.keys(en).sort()).toEqual([...KEYS].sort());
});

test('every word is filled in both languages and asks for the same figures', () => {
  for (const key of KEYS) {
    expect(zh[key].trim(), key).not.toBe('');
    expect(en[key].trim(), key).not.toBe('');
    expect(placeholders(en[key]), key).toEqual(placeholders(zh[key]));
  }
});

test('a sentence is filled and a missing figure stays visible', () => {
  expect(word('zh', 'zone_population', { n: '327' })).toBe('327 人');
  expect(word('en', 'zone_population')).toBe('{n} people');
});

test('counts are grouped and keep their sign', () => {
  expect([0, 999, 1000, 344_472, 5_304_061, -12, -1234].map(count)).toEqual([
    '0', '999', '1,000', '344,472', '5,304,061', '−12', '−1,234',
  ]);
});

test('times are those of the jurisdiction, not of the device', () => {
  expect(hhmm(NIGHT, CHINA)).toBe('21:42');
  expect(when('zh', NIGHT, NIGHT, CHINA)).toBe('21:42');
  expect(when('zh', NIGHT + 4 * 3_600_000, NIGHT, CHINA)).toBe('4月14日 01:42');
  expect(when('en', NIGHT + 4 * 3_600_000, NIGHT, CHINA)).toBe('14 Apr 01:42');
  expect(dateAndTime('en', NIGHT, CHINA)).toBe('13 Apr 21:42');
});

test('what lies months away has its year', () => {
  expect(day(NIGHT + 4 * 3_600_000, CHINA)).toBe('2022-04-14');
});

test('what was typed in both languages is told apart, and nothing else', () => {
  expect(typed('zh', '第八版 附件5 / 8th edition, annex 5')).toBe('第八版 附件5');
  expect(typed('en', '第八版 附件5 / 8th edition, annex 5')).toBe('8th edition, annex 5');
  for (const whole of ['a / b', '附件5 / 附件6', '附件5', '']) expect(typed('en', whole)).toBe(whole);
});

test('durations read as people say them', () => {
  expect([0, 38, 60, 228, 47 * 60, 49 * 60].map((minutes) => duration('en', minutes))).toEqual([
    '0 min', '38 min', '1 h 0 min', '3 h 48 min', '47 h 0 min', '2 d 1 h',
  ]);
  expect(duration('zh', -38)).toBe('38 分');
});

test('coverage is never rounded up to everyone', () => {
  expect(percent(99_999, 100_000)).toBe('99.9%');
  expect(percent(100_000, 100_000)).toBe('100.0%');
  expect(percent(0, 0)).toBe('–');
});

test('a figure may be a count, a yes, words or not there yet', () => {
  expect(figure('zh', 119_246)).toBe('119,246');
  expect(figure('en', true)).toBe('yes');
  expect(figure('zh', { zh: '中风险', en: 'medium' })).toBe('中风险');
  expect(figure('zh', null)).toBe('–');
});
