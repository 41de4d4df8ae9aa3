import { expect, test } from 'vitest';

import { isOther } from './build.svelte';

const HTML = '<!doctype html><script type="module" crossorigin src="./assets/index-r08WXyc3.js"></script>';

test('a page whose entry the server still names is the newest', () => {
  expect(isOther(HTML, 'https://county.example/assets/index-r08WXyc3.js')).toBe(false);
  expect(isOther(HTML, 'https://county.example/assets/index-r08WXyc3.js?v=1')).toBe(false);
});

test('a page whose entry the server no longer names is told to be older', () => {
  expect(isOther(HTML, 'https://county.example/assets/index-AAAAAAAA.js')).toBe(true);
});

test('what is no page of ours, and a page in development, say nothing', () => {
  expect(isOther('<html>502 Bad Gateway</html>', 'https://county.example/assets/index-AAAAAAAA.js')).toBe(false);
  expect(isOther(HTML, '')).toBe(false);
});
