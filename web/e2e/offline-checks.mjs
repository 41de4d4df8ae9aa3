/** Without a network: lane, gate and place code are opened, the browser is closed, the server is stopped, the browser's HTTP cache
 *  is removed. The same profile opens again: the pages stand and work, and what was recorded is sent when the server is back. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openProfile } from './browser.mjs';

const WAIT_MS = 60_000;
const PAGES = { lane: 'lane', gate: 'gate', code: 'place-code' };

/** What a browser keeps beside the pages' own stores: without it a file can only come from the service worker. */
function dropHttpCache(folder) {
  for (const part of ['Default/Cache', 'Default/Code Cache', 'Default/GPUCache']) rmSync(join(folder, part), { recursive: true, force: true });
  assert.equal(existsSync(join(folder, 'Default/Cache')), false);
}

const keptByWorker = (page) => page.waitForFunction(async () => {
  const worker = await navigator.serviceWorker.getRegistration();
  return worker?.active?.state === 'activated' && document.querySelector('[data-testid=device-kept]')?.getAttribute('data-page') === 'true';
}, {}, { timeout: WAIT_MS });

export async function offlineChecks(check, office, executable, shot, language, lane) {
  const folder = mkdtempSync(join(tmpdir(), 'outpace-offline-'));
  const look = { executablePath: executable, locale: language === 'zh' ? 'zh-CN' : 'en', viewport: { width: 390, height: 844 } };
  let context = await openProfile(folder, look);
  const signIn = async (page, name) => {
    const form = page.getByTestId('sign-in').locator('input');
    await form.nth(0).fill(name);
    await form.nth(1).fill(await office.account(name, name.startsWith('gate') ? 'gatekeeper' : 'sampler'));
    await page.keyboard.press('Enter');
  };
  const pass = await office.as('gatekeeper-9', '/api/status/pass?person=3');
  const device = await office.as('admin', '/api/access/add-device', { name: `screen-${language}`, role: 'gatekeeper', area: 140121203206001 });
  const tube = `OFF-${language.toUpperCase()}-1`;
  try {
    await check(`lane, gate and place code are opened once, and the device says that it keeps them (${language})`, async () => {
      const page = await context.newPage();
      const at = (id) => page.getByTestId(id);
      const refused = [];
      page.on('console', (message) => message.type() === 'error' && refused.push(message.text()));
      await page.goto(`${office.url}/#/lane`);
      await signIn(page, `sampler-off-${language}`);
      await at('lane-round').selectOption(String(office.round));
      await at('lane-lane').selectOption(String(lane));
      await at('lane-fetch').click();
      await at('lane').waitFor({ timeout: WAIT_MS });
      await keptByWorker(page);
      assert.match(await at('device-kept').getAttribute('data-storage'), /^(kept|may_go|unknown)$/, 'the answer of the browser is shown');
      await shot(page, `offline-lane-${language}`);
      await context.clearCookies();
      await page.goto(`${office.url}/#/gate`);
      await signIn(page, `gate-off-${language}`);
      await at('gate-fetch').click();
      await at('gate-scan').waitFor({ timeout: WAIT_MS });
      await page.goto(`${office.url}/#/code`);
      await at('code-place').fill(String(office.place));
      await at('code-token').fill(device.token);
      await at('code-start').click();
      await at('qr').waitFor({ timeout: WAIT_MS });
      assert.deepEqual(refused.filter((text) => !/40[13]/.test(text)), [], 'no policy stopped the worker');
    });
    await context.close();
    await office.stop();
    dropHttpCache(folder);
    context = await openProfile(folder, look);
    await check(`the server is gone, the browser was closed, its cache is empty: all three stand (${language})`, async () => {
      for (const [hash, id] of Object.entries(PAGES)) {
        const page = await context.newPage();
        await page.goto(`${office.url}/#/${hash}`);
        await page.getByTestId(id).waitFor({ timeout: WAIT_MS });
        await page.close();
      }
    });
    const page = await context.newPage();
    const at = (id) => page.getByTestId(id);
    const scan = async (text) => {
      await at('lane-scan').fill(text);
      await at('lane-scan').press('Enter');
    };
    await check(`the gate goes on telling codes, the screen of a place goes on showing them (${language})`, async () => {
      await page.goto(`${office.url}/#/gate`);
      await at('gate-scan').fill(pass.text);
      await at('gate-scan').press('Enter');
      await page.waitForFunction((colour) => document.querySelector('[data-testid=gate-found]')?.getAttribute('data-colour') === colour, pass.colour, { timeout: WAIT_MS });
      await shot(page, `offline-gate-${language}`);
      await page.goto('about:blank');
      await page.goto(`${office.url}/#/code`);
      assert.match(await at('qr').getAttribute('data-text', { timeout: WAIT_MS }), /^OP1-/);
    });
    await check(`the lane records, and forgets nothing when the browser is closed once more (${language})`, async () => {
      await page.goto('about:blank');
      await page.goto(`${office.url}/#/lane`);
      await at('lane').waitFor({ timeout: WAIT_MS });
      await scan(tube);
      for (const person of ['1', '2']) {
        await scan(person);
        await at('lane-own').click();
        await at('lane-scan').waitFor();
      }
      await at('lane-seal').click();
      await at('lane-done').waitFor();
      await context.close();
      dropHttpCache(folder);
      context = await openProfile(folder, look);
    });
    await check(`the server is back: what waited is sent, and stands there (${language})`, async () => {
      await office.start();
      const again = await context.newPage();
      const within = (id) => again.getByTestId(id);
      await again.goto(`${office.url}/#/lane`);
      await within('lane').waitFor({ timeout: WAIT_MS });
      assert.match(await within('lane-state').innerText(), /3/, 'two swabs and a seal wait');
      await within('lane-send').click();
      const form = within('sign-in').locator('input');
      await form.nth(0).fill(`sampler-off-${language}`);
      await form.nth(1).fill(office.password(`sampler-off-${language}`));
      await again.keyboard.press('Enter');
      await again.waitForFunction(() => / 0 |0 条|\b0\b/.test(document.querySelector('[data-testid=lane-state] span')?.textContent ?? ''), {}, { timeout: WAIT_MS });
      const { tube: known } = { tube: await office.as('admin', `/api/screening/tube?tube=${tube}`) };
      assert.match(JSON.stringify(known), new RegExp(tube));
    });
  } finally {
    await context.close().catch(() => {});
    rmSync(folder, { recursive: true, force: true });
    await office.start().catch(() => {});
  }
}
