import { expect, test } from 'vitest';

import css from '../../app.css?raw';

const AA_TEXT = 4.5;

/** Reads `--name: light-dark(#aaaaaa, #bbbbbb);`. */
function colours(theme: 0 | 1): Map<string, string> {
  const found = [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)];
  return new Map(found.map((match) => [match[1] ?? '', match[2 + theme] ?? '']));
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

const PAIRS: [string, string[]][] = [
  ['paper', ['ink', 'ink-soft', 'lockdown', 'control', 'precaution', 'low', 'alarm', 'yes', 'good']],
  ['sheet', ['ink', 'ink-soft', 'lockdown', 'control', 'precaution', 'low']],
  ['track', ['ink', 'ink-soft', 'lockdown', 'control', 'precaution', 'low']],
  ['alarm-ground', ['ink', 'ink-soft', 'alarm']],
  ['yes-ground', ['ink', 'yes', 'alarm']],
  ['good-ground', ['ink', 'ink-soft', 'good']],
  ['alarm', ['paper']],
  ['ink', ['paper']],
  ['drill', ['drill-ink']],
];

test.each(['light', 'dark'] as const)('text stands out from its ground: %s', (theme) => {
  const named = colours(theme === 'light' ? 0 : 1);
  for (const [ground, texts] of PAIRS) {
    for (const text of texts) {
      const ratio = contrast(named.get(ground) ?? '', named.get(text) ?? '');
      expect(ratio, `${text} on ${ground}: ${ratio.toFixed(2)}`).toBeGreaterThanOrEqual(AA_TEXT);
    }
  }
});
