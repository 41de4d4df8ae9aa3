import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { expect, test } from 'vitest';

import fixture from '../../../fixtures/lane.json';
import { Guards, isCard, isTube, readScan } from './guards';
import { fromHex, numberMark, recordMac, seal, toHex } from './keys';
import { readSheet, writeFile, type LaneSheet } from './model';

const row = (person: number, born: number, bits: number, mark: number): string => {
  const view = new DataView(new ArrayBuffer(12));
  view.setBigInt64(0, BigInt(person));
  view.setUint8(8, born - 1870);
  view.setUint8(9, bits);
  view.setUint16(10, mark);
  return toHex(view.buffer);
};

const sheet = (rows: string[]): LaneSheet => ({
  format: 'outpace-lane-sheet/1', sheet: 3, round: 1, round_name: { zh: '第一轮', en: 'Round one' }, site: 1, site_name: { zh: '一号点', en: 'Site one' },
  lane: 1, lane_number: 1, lock: { people_max: 10, household: false, leave_within_minutes: 240 },
  guards: { people: rows.length, rows: rows.join(''), mark_key: fixture.record_key },
  keys: { record: fixture.record_key, seal: fixture.seal }, issued_at: 0, ends_at: 1,
});

test('the sheet warns by number and by the mark of a card, and knows nobody else', () => {
  const guards = new Guards(sheet([row(1, 1985, 1, 0), row(7, 1949, 3, fixture.number_mark), row(900, 1985, 4 + 8, 5)]));
  expect(guards.byPerson(7)).toEqual({ person: 7, born: 1949, sex: 'female', warnings: ['sampled'] });
  expect(guards.byPerson(900)).toEqual({ person: 900, born: 1985, sex: 'male', warnings: ['exempt', 'quarantined'] });
  expect(guards.byPerson(8)).toBeNull();
  expect(guards.byMark(fixture.number_mark, 1949, 'female')?.person).toBe(7);
  expect(guards.byMark(fixture.number_mark, 1950, 'female')).toBeNull();
  expect(new Guards(sheet([])).byPerson(1)).toBeNull();
});

test('a scan is a card, a code, or neither', () => {
  expect(readScan(' 110105 19491231-002x ')).toEqual({ kind: 'card', number: '11010519491231002X', born: '1949-12-31', sex: 'female' });
  expect(readScan('110105194912310021').kind).toBe('wrong_card');
  expect(readScan('42')).toEqual({ kind: 'code', person: 42 });
  for (const text of ['', '0', 'QX-1', '试甲']) expect(readScan(text).kind).toBe('unknown');
  expect([isCard('11010519491231002X'), isTube('QX-1'), isTube('管'), isTube('')]).toEqual([true, true, false, false]);
});

test('records are signed and numbers marked as the server does', async () => {
  expect(await recordMac(fixture.record_key, fixture.record)).toBe(fixture.mac);
  expect(await numberMark(fixture.record_key, fixture.told.id_number)).toBe(fixture.number_mark);
});

test('what the page seals the office opens, and only for its record', async () => {
  const told = { name: '试甲', born: '1949-12-31', sex: 'female' as const };
  const sealed = await seal(fixture.seal, 3, fixture.device, 9, told);
  expect(JSON.stringify(sealed)).not.toContain('1949');
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const open = async (counter: number) => {
    const recipientKey = await suite.kem.deserializePrivateKey(fromHex(fixture.secret).buffer);
    const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;
    const context = await suite.createRecipientContext({ recipientKey, enc: fromHex(sealed.key).buffer, info: bytes('outpace lane record 1') });
    return new TextDecoder().decode(await context.open(fromHex(sealed.text).buffer, bytes(`3|${fixture.device}|${counter}`)));
  };
  expect(JSON.parse(await open(9))).toEqual(told);
  await expect(open(10)).rejects.toThrow();
});

test('a file holds its head and one record a line; a sheet of another format is none', () => {
  const lines = writeFile(3, [{ record: '{"a":"试"}', mac: '00' }]).trim().split('\n').map((line) => JSON.parse(line));
  expect(lines).toEqual([{ format: 'outpace-lane-records/1', sheet: 3 }, { record: '{"a":"试"}', mac: '00' }]);
  const signed = (format: string) => ({ sheet: JSON.stringify({ ...sheet([]), format }), signature: '', key: '', signed_at: 0 });
  expect(readSheet(signed('outpace-lane-sheet/1'))?.sheet).toBe(3);
  expect(readSheet(signed('outpace-lane-sheet/2'))).toBeNull();
  expect(readSheet({ sheet: 'no JSON', signature: '', key: '', signed_at: 0 })).toBeNull();
});
