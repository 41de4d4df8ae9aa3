/**
 * Signs in at a real server as the first administrator does: over TLS where the address says so, with an authenticator that
 * is set up on the page, and again with a code.
 *
 *     npm run e2e:door -- https://127.0.0.1:8088 PASSWORD [--shots FOLDER]
 *
 * The server must be fresh: `OUTPACE_ADMIN_PASSWORD=… outpace serve --tls self --data NEW`.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { chromium } from 'playwright-core';

import { browserPath, watch } from './browser.mjs';

const WAIT_MS = 30_000;
const STEP_MS = 30_000;
const SKIPPED = 77;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const words = process.argv.slice(2);
const [base, password] = words;
const shotsAt = words.includes('--shots') ? resolve(words[words.indexOf('--shots') + 1]) : null;
const executablePath = browserPath();
if (!executablePath) {
  console.log('e2e: skipped, no Chromium found (set CHROMIUM to its path)');
  process.exit(SKIPPED);
}

/** What an authenticator app shows (RFC 6238). */
function codeOf(secret, step) {
  const bits = [...secret].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', key).update(counter).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const stepNow = () => Math.floor(Date.now() / STEP_MS);
const folder = mkdtempSync(join(tmpdir(), 'outpace-door-'));
// Nobody took the server's own authority in: the browser is told to go on all the same, and nothing else is loosened.
const context = await chromium.launchPersistentContext(folder, {
  executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'], ignoreHTTPSErrors: true, locale: 'zh-CN', viewport: { width: 1280, height: 860 },
});
const page = await context.newPage();
const seen = watch(page, new URL(base).origin);
const at = (id) => page.getByTestId(id);
const shot = async (name) => {
  if (!shotsAt) return;
  mkdirSync(shotsAt, { recursive: true });
  await page.screenshot({ path: join(shotsAt, `${name}.png`) });
};
const enter = async (name = 'admin', by = password) => {
  await at('sign-in').locator('input').nth(0).fill(name);
  await at('sign-in').locator('input').nth(1).fill(by);
  await page.keyboard.press('Enter');
};

let failed = 0;
try {
  await page.goto(base);
  await at('sign-in').waitFor({ timeout: WAIT_MS });
  await enter();
  await at('enrol-qr').waitFor({ timeout: WAIT_MS });
  await shot('door-enrol');
  const secret = (await at('enrol-secret').innerText()).replaceAll(' ', '');
  const used = stepNow();
  await at('code').fill(codeOf(secret, used));
  await page.keyboard.press('Enter');
  await at('clock').waitFor({ timeout: WAIT_MS });
  const cookies = await context.cookies(base);
  const [cookie] = cookies;
  assert.equal(cookies.length, 1);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.expires], [true, 'Strict', -1]);
  assert.deepEqual([cookie.secure, cookie.name], base.startsWith('https') ? [true, '__Host-outpace'] : [false, 'outpace-local']);
  assert.equal(await page.evaluate(() => document.cookie + window.localStorage.length + window.sessionStorage.length), '00');
  console.log('✓ the first administrator sets an authenticator up and is in, by a cookie that no script reads');
  await page.reload();
  await at('sign-out').waitFor({ timeout: WAIT_MS });
  await at('to-own').click();
  await at('own').locator('tbody tr').first().waitFor({ timeout: WAIT_MS });
  await shot('door-own');
  await page.keyboard.press('Escape');
  await at('sign-out').click();
  await at('sign-in').waitFor({ timeout: WAIT_MS });
  await enter();
  await at('code').fill(codeOf(secret, used));
  await page.keyboard.press('Enter');
  await page.getByText('验证码不正确或已用过').waitFor({ timeout: WAIT_MS });
  console.log('✓ a code that was used is refused');
  // One step ahead is as good, and spares the wait.
  await at('code').fill(codeOf(secret, Math.max(stepNow(), used + 1)));
  await page.keyboard.press('Enter');
  await at('clock').waitFor({ timeout: WAIT_MS });
  console.log('✓ with the next code the account is in again');
  await page.goto(`${base}/#/accounts`);
  await at('accounts').locator('li').first().waitFor({ timeout: WAIT_MS });
  await at('add-account').click();
  await at('add-name').fill('auditor-1');
  await at('add-role').selectOption('auditor');
  assert.equal(await at('add-area').inputValue(), '140121');
  await at('add-go').click();
  const first = await at('secret').innerText({ timeout: WAIT_MS });
  await at('once-close').click();
  await page.locator('[data-name=auditor-1]').waitFor({ timeout: WAIT_MS });
  await shot('door-accounts');
  await page.goto(`${base}/#/answers`);
  await at('desk-trouble').waitFor({ timeout: WAIT_MS });
  assert.match(await at('desk-trouble').innerText(), /\p{Script=Han}/u, 'an administrator answers nothing, and is told so');
  await at('desk-sign-out').click();
  await at('sign-in').waitFor({ timeout: WAIT_MS });
  // An auditor decides nothing, and the profile asks for no second factor.
  await enter('auditor-1', first);
  await page.locator('#answers-appeal').waitFor({ timeout: WAIT_MS });
  console.log('✓ an account that the administrator set up signs in with its first password, and may answer appeals');
  await page.goto(`${base}/#/custody`);
  await at('due').waitFor({ timeout: WAIT_MS });
  assert.equal(await at('export-make').count(), 1);
  assert.equal(await at('order').isDisabled(), true, 'nothing has fallen due');
  console.log('✓ the auditor reads what left and what is held');
  const refused = seen.errors.filter((text) => !/status of 40[13]/.test(text));
  assert.deepEqual([refused, seen.strays], [[], []]);
  console.log('✓ the browser had nothing to complain of: no script, style or worker was stopped');
} catch (error) {
  failed = 1;
  console.log(`✗ ${String(error?.stack ?? error)}`);
  await shot('door-failed');
} finally {
  await context.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed);
