import { expect, test } from 'vitest';

import { firstPassword } from './accounts';

test('a first password is long enough, read out in groups, and another one each time', () => {
  const made = Array.from({ length: 200 }, () => firstPassword());
  for (const password of made) expect(password).toMatch(/^[a-hj-km-np-z2-9]{5}(-[a-hj-km-np-z2-9]{5}){3}$/);
  expect(new Set(made).size).toBe(made.length);
});

test('bytes beyond whole alphabets are thrown away, so that no letter is likelier than another', () => {
  let round = 0;
  // First only bytes that must not count, then zeros: had the first counted, other letters would stand there.
  const password = firstPassword((into) => into.fill(round++ === 0 ? 255 : 0));
  expect(password).toBe('aaaaa-aaaaa-aaaaa-aaaaa');
});
