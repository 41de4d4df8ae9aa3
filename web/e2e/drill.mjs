/**
 * The page on a drill's folder and on a real one, against the real server: every page is marked in both languages, with and
 * without a network; roles are signed in to by one tap, and not where the data are real; an empty registry is read once, and a
 * secret that was shown once outlives everything but being dismissed.
 *
 *     node e2e/drill.mjs BINARY [PORT]
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { browserPath, openBrowser } from './browser.mjs';

const [binary, port = '18087'] = process.argv.slice(2);
const chromium = browserPath();
if (!binary || !chromium) {
  console.error('usage: node e2e/drill.mjs BINARY [PORT]; needs Chromium');
  process.exit(2);
}
const WAIT_MS = 60_000;
const PASSWORD = 'a password for one test';
const PAGES = ['', '#/report', '#/lane', '#/mine', '#/gate', '#/code', '#/answers', '#/accounts', '#/custody', '#/desk', '#/briefing', '#/screening'];
const base = `http://127.0.0.1:${port}`;
const work = mkdtempSync(join(tmpdir(), 'outpace-drill-page-'));
const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });
let failed = 0;

async function check(name, run) {
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${String(error.stack ?? error).split('\n').slice(0, 6).join('\n      ')}`);
  }
}

async function serve(name, ...more) {
  const child = spawn(binary, ['serve', '--data', join(work, name), '--listen', `127.0.0.1:${port}`, ...more], {
    env: { ...process.env, OUTPACE_ADMIN_PASSWORD: PASSWORD }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let tries = 0; tries < 300; tries += 1) {
    if (await fetch(`${base}/healthz`).then((answer) => answer.ok, () => false)) return child;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error('the server does not answer');
}

const ended = (child) => new Promise((done) => {
  child.once('exit', done);
  child.kill('SIGTERM');
});

const post = async (path, body, token) => {
  const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json().catch(() => ({})) };
};

const browser = openBrowser(chromium);
const shot = async (page, name) => { if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true }); };

/** Opens a page anew, as somebody who types its address does. */
async function open(context, hash, before = () => {}) {
  const page = await context.newPage();
  before(page);
  await page.goto(`${base}/${hash}`, { waitUntil: 'domcontentloaded' });
  return page;
}

async function onADrill() {
  const made = await post('/api/drill/sign-in-as', { actor: 1, keep: 'token' });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const accounts = [['commander-1', 'commander'], ['auditor-1', 'auditor'], ['grid-1', 'grid_worker']];
  for (const [name, role] of accounts) {
    await post('/api/access/add-account', { name, role, area: 140121, password: `${PASSWORD} ${name}` }, made.body.token);
  }
  for (const language of ['zh', 'en']) {
    const context = await browser.reader({ locale: language === 'zh' ? 'zh-CN' : 'en-GB', width: 1280, height: 900 });
    const said = language === 'zh' ? /演练/ : /Drill/;
    for (const hash of PAGES) {
      await check(`every page says that it is a drill: ${hash || '#/'} (${language})`, async () => {
        const page = await open(context, hash);
        const banner = page.getByTestId('drill-banner');
        await banner.waitFor({ timeout: WAIT_MS });
        assert.match(await banner.innerText(), said);
        await shot(page, `drill-${hash.slice(2) || 'live'}-${language}`);
        await page.emulateMedia({ media: 'print' });
        assert.equal(await banner.isVisible(), true, 'it is printed too');
        await page.close();
      });
    }
    await check(`a page that was open says so without a network (${language})`, async () => {
      const page = await open(context, '#/mine');
      await page.getByTestId('drill-banner').waitFor({ timeout: WAIT_MS });
      await page.route('**/api/**', (route) => route.abort());
      await page.reload();
      await page.getByTestId('drill-banner').waitFor({ timeout: WAIT_MS });
      await page.close();
    });
    await check(`a role of the drill is signed in to by one tap (${language})`, async () => {
      const page = await open(context, '#/accounts');
      const roles = page.getByTestId('drill-roles');
      await roles.waitFor({ timeout: WAIT_MS });
      await shot(page, `drill-roles-${language}`);
      assert.equal(await roles.getByRole('button').count(), 4);
      await roles.locator('[data-name="commander-1"]').click();
      await page.getByTestId('desk-sign-out').waitFor({ timeout: WAIT_MS });
      await page.getByTestId('desk-trouble').waitFor({ timeout: WAIT_MS });
      const refused = await page.getByTestId('desk-trouble').innerText();
      if (language === 'zh') assert.doesNotMatch(refused, /[A-Za-z]{2,}/, 'a Chinese refusal has no English');
      await page.getByTestId('desk-sign-out').click();
      await page.close();
    });
  }
}

async function onAnEmptyRegistry() {
  const context = await browser.reader({ locale: 'en-GB', width: 1280, height: 900 });
  let page;
  const asked = [];
  await check('an empty registry is read once by the page of accounts', async () => {
    page = await open(context, '#/accounts', (fresh) => fresh.on('request', (request) => { if (request.url().includes('/api/')) asked.push(request.url()); }));
    await page.getByTestId('drill-roles').locator('[data-name="admin"]').click({ timeout: WAIT_MS });
    await page.getByTestId('accounts').waitFor({ timeout: WAIT_MS });
    asked.length = 0;
    await page.reload();
    await page.getByTestId('accounts').waitFor({ timeout: WAIT_MS });
    await page.waitForTimeout(4_000);
    assert.ok(asked.length <= 15, `${asked.length} requests within four seconds: ${[...new Set(asked)].join(' ')}`);
  });
  await check('a password that was shown once outlives a failed read and a way to another page', async () => {
    await page.getByTestId('add-account').click();
    await page.getByTestId('add-name').fill('tracer-9');
    await page.getByTestId('add-role').selectOption('tracer');
    await page.getByTestId('add-area').fill('140121');
    await page.getByTestId('add-go').click();
    const secret = page.getByTestId('secret');
    await secret.waitFor({ timeout: WAIT_MS });
    const told = await secret.innerText();
    await page.evaluate(() => (window.location.hash = '#/custody'));
    await page.waitForTimeout(500);
    await page.route('**/api/access/actors*', (route) => route.abort());
    await page.evaluate(() => (window.location.hash = '#/accounts'));
    await page.getByTestId('desk-trouble').waitFor({ timeout: WAIT_MS });
    assert.equal(await secret.innerText(), told);
    await page.unroute('**/api/access/actors*');
    await page.getByTestId('once-close').click();
    assert.equal(await secret.count(), 0);
  });
  await check('a first password that was lost is made anew', async () => {
    await page.reload();
    await page.locator('[data-name="tracer-9"] [data-do="again"]').click({ timeout: WAIT_MS });
    const secret = page.getByTestId('secret');
    await secret.waitFor({ timeout: WAIT_MS });
    const entered = await post('/api/access/sign-in', { name: 'tracer-9', password: await secret.innerText() });
    assert.equal(entered.status, 200, JSON.stringify(entered.body));
  });
  await page?.close();
}

async function onRealData() {
  assert.equal((await post('/api/drill/sign-in-as', { actor: 1 })).status, 404);
  const context = await browser.reader({ locale: 'zh-CN', width: 1280, height: 900 });
  await check('where the data are real no page is marked and no role is offered', async () => {
    for (const hash of ['#/accounts', '#/mine', '']) {
      const page = await open(context, hash);
      await page.waitForTimeout(1_500);
      assert.equal(await page.getByTestId('drill-banner').count(), 0, hash);
      assert.equal(await page.getByTestId('drill-roles').count(), 0, hash);
      await page.close();
    }
  });
}

let server;
try {
  server = await serve('drill', '--drill-from', '2022-04-13T01:00');
  await onADrill();
  await onAnEmptyRegistry();
  await ended(server);
  server = await serve('real');
  await onRealData();
} finally {
  if (server && server.exitCode === null) await ended(server);
  await browser.close();
  rmSync(work, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);
