/** Figures and times as people read them. Pure; the language and the offset come from outside. */

import type { Figure, Moment, Text } from '../live';
import { en } from './en';
import { zh, type WordKey } from './zh';

export type Language = 'zh' | 'en';

const WORDS: Record<Language, Record<WordKey, string>> = { zh, en };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE_MS = 60_000;
const MINUTES_A_DAY = 24 * 60;
/** Up to here hours and minutes are read more easily than days. */
const MINUTES_AS_HOURS_MAX = 48 * 60;
const HASH_SHOWN = 8;

/** A word or sentence with its placeholders filled. */
export function word(language: Language, key: WordKey, fill: Record<string, string | number> = {}): string {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** The sentence of the language. */
export function say(language: Language, text: Text): string {
  return text[language];
}

/** What somebody typed into one field: `中文 / English` is told apart, anything else is the same in both. As the server does. */
export function typed(language: Language, words: string): string {
  const at = words.indexOf(' / ');
  const [zh, en] = [words.slice(0, at), words.slice(at + 3)];
  if (at < 0 || !/\p{Script=Han}/u.test(zh) || /\p{Script=Han}/u.test(en)) return words;
  return (language === 'zh' ? zh : en).trim();
}

/** 344472 → "344,472"; the same in both languages. A true minus sign, so that it lines up and is read out. */
export function count(value: number): string {
  const digits = String(Math.abs(Math.trunc(value))).replace(/\B(?=(\d{3})+$)/g, ',');
  return value < 0 ? `−${digits}` : digits;
}

/** Minutes as "38 min", "3 h 48 min" or "2 d 4 h"; the sign is dropped. */
export function duration(language: Language, minutes: number): string {
  const whole = Math.floor(Math.abs(minutes));
  if (whole < 60) return word(language, 'minutes', { n: whole });
  if (whole < MINUTES_AS_HOURS_MAX) return word(language, 'hours_minutes', { h: Math.floor(whole / 60), m: whole % 60 });
  return word(language, 'days_hours', { d: Math.floor(whole / MINUTES_A_DAY), h: Math.floor((whole % MINUTES_A_DAY) / 60) });
}

/** Whole minutes from one moment to a later one; negative when it lies before. */
export function minutesBetween(from: Moment, to: Moment): number {
  return Math.trunc((to - from) / MINUTE_MS);
}

function local(moment: Moment, offsetMinutes: number): Date {
  return new Date(moment + offsetMinutes * MINUTE_MS);
}

/** "21:42" in the jurisdiction's time, whatever the zone of the device. */
export function hhmm(moment: Moment, offsetMinutes: number): string {
  return local(moment, offsetMinutes).toISOString().slice(11, 16);
}

/** With its date: "4月14日 01:00", "14 Apr 01:00". */
export function dateAndTime(language: Language, moment: Moment, offsetMinutes: number): string {
  const date = local(moment, offsetMinutes);
  const month = language === 'zh' ? date.getUTCMonth() + 1 : (MONTHS[date.getUTCMonth()] ?? '');
  return word(language, 'month_day', { month, day: date.getUTCDate(), time: hhmm(moment, offsetMinutes) });
}

/** "2026-04-22" in the jurisdiction's time: for what lies months away. */
export function day(moment: Moment, offsetMinutes: number): string {
  return local(moment, offsetMinutes).toISOString().slice(0, 10);
}

/** "21:42" on the day of `now`, else with its date. */
export function when(language: Language, moment: Moment, now: Moment, offsetMinutes: number): string {
  const day = (other: Moment) => Math.floor((other + offsetMinutes * MINUTE_MS) / (MINUTES_A_DAY * MINUTE_MS));
  return day(moment) === day(now) ? hhmm(moment, offsetMinutes) : dateAndTime(language, moment, offsetMinutes);
}

/** A share in per cent with one decimal, cut and never rounded up: 99.96 % is not everyone. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  return `${(Math.floor((part * 1000) / whole) / 10).toFixed(1)}%`;
}

/** A reported or reached figure. */
export function figure(language: Language, value: Figure | null): string {
  if (value === null) return '–';
  if (typeof value === 'number') return count(value);
  if (typeof value === 'boolean') return word(language, value ? 'yes' : 'no');
  return say(language, value);
}

/** The first digits of a hash: enough to compare over the telephone. */
export function shortHash(hash: string): string {
  return hash.slice(0, HASH_SHOWN);
}
