import { expect, test } from 'vitest';

import fixture from '../../../fixtures/gate.json';
import { qrPath } from './qr';
import { readList, verify, type GateList } from './verify';

async function list(): Promise<GateList> {
  const read = await readList(fixture.signed, fixture.signed.key);
  if (read === null) throw new Error('the fixture is signed');
  return read;
}

test('what the office signed is read as the server reads it', async () => {
  const known = await list();
  const green = await verify(` ${fixture.green}\n`, known, fixture.now);
  expect(green).toEqual({ colour: 'green', lastNegativeAt: fixture.now - 600 * 60_000, issuedAt: fixture.now - 600_000, endsAt: fixture.now + 230 * 60_000 });
  expect(await verify(fixture.red, known, fixture.now)).toMatchObject({ colour: 'red', lastNegativeAt: null });
});

test('what is over, not yet, revoked, a stranger’s or no pass is refused by name', async () => {
  const known = await list();
  const said = (text: string) => verify(text, known, fixture.now);
  expect(await said(fixture.over)).toBe('over');
  expect(await said(fixture.ahead)).toBe('not_yet');
  expect(await said(fixture.revoked)).toBe('revoked');
  expect(await said(fixture.stranger)).toBe('unknown_key');
  for (const text of ['', 'OPS1.', 'OPS1.AAAA', 'OPS2.x', fixture.green.slice(0, -1), `${fixture.green}A`]) expect(await said(text), text).toBe('no_pass');
});

test('no letter of a pass can be changed', async () => {
  const known = await list();
  for (let at = 5; at < fixture.green.length - 1; at += 1) {
    const letter = fixture.green[at] === 'A' ? 'B' : 'A';
    const changed = `${fixture.green.slice(0, at)}${letter}${fixture.green.slice(at + 1)}`;
    expect(['no_pass', 'unknown_key', 'wrong_signature'], `${at}`).toContain(await verify(changed, known, fixture.now));
  }
});

test('another office’s list, or a changed one, is not read', async () => {
  expect(await readList(fixture.signed, '00'.repeat(32))).toBeNull();
  expect(await readList({ ...fixture.signed, list: fixture.signed.list.replace('140121', '140122') }, fixture.signed.key)).toBeNull();
});

test('a browser without Ed25519 verifies with the library', async () => {
  const original = crypto.subtle.importKey;
  const known = await list();
  crypto.subtle.importKey = () => Promise.reject(new Error('NotSupportedError'));
  try {
    expect(await verify(fixture.green, known, fixture.now)).toMatchObject({ colour: 'green' });
    expect(await verify(fixture.stranger, known, fixture.now)).toBe('unknown_key');
    const changed = fixture.green.replace(/.(.{20})$/, (match, rest: string) => (match.startsWith('A') ? `B${rest}` : `A${rest}`));
    expect(await verify(changed, known, fixture.now)).toBe('wrong_signature');
  } finally {
    crypto.subtle.importKey = original;
  }
});

test('a status code and a place code fit a telephone’s camera', () => {
  expect(qrPath(fixture.green).size).toBeLessThanOrEqual(57);
  expect(qrPath('OP1-17-S-7K2M9QXA').size).toBeLessThanOrEqual(25);
});
