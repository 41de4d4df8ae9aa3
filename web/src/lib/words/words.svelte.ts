/** The language of the reader, remembered on the device, and the words in it. */

import type { Figure, Moment, Text } from '../live';
import * as format from './format';
import type { Language } from './format';
import type { WordKey } from './zh';

const KEY = 'outpace.language';

function first(): Language {
  if (typeof window === 'undefined') return 'zh';
  const kept = window.localStorage.getItem(KEY);
  if (kept === 'zh' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

class Words {
  language: Language = $state(first());

  /** Switches between the two languages and remembers it. */
  toggle(): void {
    this.language = this.language === 'zh' ? 'en' : 'zh';
    window.localStorage.setItem(KEY, this.language);
  }

  /** For `lang` attributes. */
  get tag(): string {
    return this.language === 'zh' ? 'zh-CN' : 'en';
  }

  t = (key: WordKey, fill?: Record<string, string | number>): string => format.word(this.language, key, fill);
  typed = (words: string): string => format.typed(this.language, words);
  say = (text: Text): string => format.say(this.language, text);
  duration = (minutes: number): string => format.duration(this.language, minutes);
  figure = (value: Figure | null): string => format.figure(this.language, value);
  when = (moment: Moment, now: Moment, offsetMinutes: number): string =>
    format.when(this.language, moment, now, offsetMinutes);
  dateAndTime = (moment: Moment, offsetMinutes: number): string =>
    format.dateAndTime(this.language, moment, offsetMinutes);
}

/** One for the page. */
export const words = new Words();
