/**
 * Opens the page in Chromium as a reader would and checks what it shows against what the server says.
 *
 *     npm run e2e -- http://127.0.0.1:8088 [--shots FOLDER]     a running server
 *     npm run e2e                                               the mock (needs `npm run build`)
 *
 * Exits 0 when all holds, 1 when something does not, 77 where there is no Chromium (skipped, said aloud).
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { browserPath, coloursIn, openBrowser, watch } from './browser.mjs';
import { deskChecks } from './desk-checks.mjs';
import { laneChecks } from './lane-checks.mjs';
import { startMock } from './mock.mjs';
import { approvalChecks, dropChecks, secondFactorChecks, signInChecks } from './mock-checks.mjs';
import { gateChecks, mineChecks } from './people-checks.mjs';
import { boundaries, firstMoment } from './server.mjs';

const WAIT_MS = 60_000;
const VERBS = ['sample', 'send', 'test', 'report', 'transfer', 'take_in'];
const SKIPPED = 77;
/** Names that have no English form; none at present. */
const NO_OTHER_FORM = [];
/** A drawn map has patterns, lines and letters: hundreds of shades. A plain ground has a few. */
const COLOURS_MIN = 60;

const words = process.argv.slice(2);
const shotsAt = words.includes('--shots') ? resolve(words[words.indexOf('--shots') + 1]) : null;
const given = words.find((word) => word.startsWith('http'));

const executable = browserPath();
if (!executable) {
  console.log('e2e: skipped, no Chromium found (set CHROMIUM to its path)');
  process.exit(SKIPPED);
}
const mock = given ? null : await startMock();
const base = (given ?? mock.url).replace(/\/$/, '');
const origin = new URL(base).origin;
const browser = openBrowser(executable);
let failed = 0;

async function check(sentence, run) {
  const began = Date.now();
  try {
    await run();
    console.log(`✓ ${sentence} (${Date.now() - began} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`✗ ${sentence}\n  ${String(error?.message ?? error).split('\n').join('\n  ')}`);
  }
}

/** Tries again until it holds: the figures move while we look. */
async function soon(run) {
  const until = Date.now() + 15_000;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((again) => setTimeout(again, 250));
    }
  }
}

async function shot(page, name, fullPage = false) {
  if (!shotsAt) return;
  mkdirSync(shotsAt, { recursive: true });
  await page.screenshot({ path: join(shotsAt, `${name}.png`), fullPage });
}

const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const has = async (page, selector, text) => assert.ok((await page.locator(selector).innerText()).includes(text), `${selector} does not show ${text}`);

/** Waits until the map stands: at least one zone drawn where there are zones. */
function mapStands(page, moment) {
  return page.waitForFunction(
    (least) => Number(document.querySelector('[data-testid=map]')?.getAttribute('data-zones')) >= least,
    moment.zones.length > 0 ? 1 : 0,
    { timeout: WAIT_MS },
  );
}

async function open(context, path = '/') {
  const page = await context.newPage();
  const seen = watch(page, origin);
  await page.goto(base + path);
  return { page, seen };
}

async function figureChecks(page, moment) {
  await check('the clock shows the hour of the server', () => soon(async () => {
    const before = await firstMoment(base);
    const shown = await page.getByTestId('clock').innerText();
    const after = await firstMoment(base);
    assert.match(shown, /^\d\d:\d\d$/);
    const clocks = [moment.clock, before.clock, after.clock].map((clock) => clock.slice(11));
    assert.ok(clocks.includes(shown) || (shown >= clocks[0] && shown <= clocks[2]), `${shown} is not between ${clocks[0]} and ${clocks[2]}`);
  }));
  await check('the people of the jurisdiction are counted', () => has(page, '[data-testid=people]', grouped(moment.jurisdiction.people)));
  await check('the six verbs stand in order with their counts', () => soon(async () => {
    const shown = await page.locator('[data-verb]').evaluateAll((items) => items.map((item) => [item.dataset.verb, item.dataset.done, item.innerText]));
    assert.deepEqual(shown.map(([verb]) => verb), VERBS);
    for (const [, done, text] of shown) assert.ok(text.includes(grouped(Number(done))), text);
  }));
  await check('both conservation differences are shown, and are 0', async () => {
    const law = page.getByTestId('conservation');
    assert.deepEqual([await law.getAttribute('data-difference'), await law.getAttribute('data-people-difference')], ['0', '0']);
  });
  await check('the timeline has a row for each checkpoint', () => soon(async () => {
    assert.equal(await page.locator('[data-checkpoint]').count(), (await firstMoment(base)).timeline.length);
  }));
  await check('the price of the plan is the server\'s, judgement apart', () => soon(async () => {
    const { plan } = await firstMoment(base);
    if (!plan) return assert.ok((await page.locator('#plan').innerText()).length > 0);
    await has(page, '[data-price=person_days]', grouped(plan.price.person_days));
    await has(page, '[data-price=person_days_on_judgement]', grouped(plan.price.person_days_on_judgement));
    await has(page, '[data-price=facility]', grouped(plan.price.facility));
  }));
  await check('open and overdue orders are counted', () => soon(async () => {
    const { orders } = await firstMoment(base);
    await has(page, '[data-orders=open]', grouped(orders.open));
    await has(page, '[data-orders=overdue]', grouped(orders.overdue));
  }));
}

async function mapChecks(context, page, moment) {
  const map = page.getByTestId('map');
  const drawn = (await boundaries(base, moment.jurisdiction.code)).features.length;
  await check(`the map draws the zones (${drawn} outlines, ${moment.zones.length} zones)`, async () => {
    assert.ok(drawn > 0, 'the server has no boundaries');
    await mapStands(page, moment);
    const colours = await coloursIn(context, await map.screenshot());
    assert.ok(colours >= COLOURS_MIN, `only ${colours} colours: the map is empty`);
  });
  if (moment.zones.length === 0) return;
  await check('a zone tells its reason, its clause and what lifts it', async () => {
    const first = page.locator('[data-zone]').first();
    const id = await first.getAttribute('data-zone');
    await first.click();
    const zone = moment.zones.find((one) => String(one.id) === id) ?? (await firstMoment(base)).zones.find((one) => String(one.id) === id);
    for (const part of [zone.reason.zh, zone.clause.zh, zone.lift_when.zh]) await has(page, '[data-testid=zone-card]', part);
    await first.click();
    assert.equal(await page.getByTestId('zone-card').count(), 0);
  });
  await check('pointing at the map shows the area there', () => soon(async () => {
    const box = await map.boundingBox();
    await page.mouse.move(box.x + box.width * 0.52, box.y + box.height * 0.52);
    await page.mouse.move(box.x + box.width * 0.55, box.y + box.height * 0.55);
    await page.getByTestId('pointed').locator('h3, b').first().waitFor({ timeout: 3_000 });
  }));
  await page.mouse.move(2, 2);
}

async function wallInBothLanguages(moment) {
  const context = await browser.reader({ locale: 'zh-CN', width: 1920, height: 1080 });
  const { page, seen } = await open(context);
  await check('the page opens in Chinese for a Chinese reader', async () => {
    await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    await has(page, '#verbs', '采样');
    if (moment.drill) await has(page, '.drill', '演练');
  });
  await figureChecks(page, moment);
  await mapChecks(context, page, moment);
  await languageChecks(page, 'zh');
  await shot(page, 'wall-zh');
  await check('one press switches to English, and the device remembers it', async () => {
    await page.getByTestId('language').click();
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await has(page, '#verbs', 'Take in');
    await page.reload();
    await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    if (moment.drill) await has(page, '.drill', 'DRILL');
  });
  await mapStands(page, moment);
  await languageChecks(page, 'en');
  await shot(page, 'wall-en');
  await check('the keyboard reaches the main content and every zone', async () => {
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.className.includes('skip')), true);
    assert.equal(await page.locator('[data-zone]').evaluateAll((all) => all.every((one) => one.tabIndex === 0)), true);
  });
  await check('nothing was asked from outside and nothing went wrong in the browser', () => {
    assert.deepEqual(seen.strays, []);
    assert.deepEqual(seen.errors, []);
  });
  await context.close();
}

async function phone(moment) {
  const context = await browser.reader({ locale: 'zh-CN', width: 360, height: 780, phone: true });
  const { page, seen } = await open(context);
  await check('on a phone nothing is cut off at the side', async () => {
    await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
    await mapStands(page, moment);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.deepEqual(seen.errors, []);
  });
  await shot(page, 'phone-zh');
  await check('on a phone the briefing is not cut off either', async () => {
    await page.goto(`${base}/#/briefing`);
    await page.locator('#b-found').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.deepEqual(seen.errors, []);
  });
  await context.close();
}

async function night(moment) {
  if (!shotsAt) return;
  for (const [locale, name] of [['en', 'night-en'], ['zh-CN', 'night-zh']]) {
    const context = await browser.reader({ locale, width: 1440, height: 900, dark: true });
    const { page } = await open(context);
    await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
    await mapStands(page, moment);
    await shot(page, name);
    await context.close();
  }
}

/** What a reader sees of one language in what the other would betray: clauses, names, titles. */
async function languageChecks(page, language) {
  const texts = (selector) => page.locator(selector).allInnerTexts();
  if (language === 'zh') {
    await check('the Chinese page has no English sentence in its clauses', async () => {
      const clauses = await texts('[data-clause]');
      for (const zone of (await page.locator('[data-zone]').all()).slice(0, 5)) {
        await zone.click();
        clauses.push(...(await texts('[data-testid=zone-card] dd')));
        await zone.click();
      }
      const english = clauses.filter((text) => /[a-z]{3,} [a-z]{2,}/i.test(text));
      assert.deepEqual(english, []);
    });
    return;
  }
  await check('the English page has no Chinese character in names and titles', async () => {
    const named = [];
    for (const selector of ['[data-zone] .name', '[data-order] .what', '[data-closure] b', '[data-clause]', '[data-supply] th', '#plan .what', '#plan .trigger', '.facilities', '.map-label', '#timeline .name', '#rounds h3']) {
      named.push(...(await texts(selector)));
    }
    assert.ok(named.length > 10, `only ${named.length} names found`);
    assert.deepEqual(named.filter((text) => /\p{Script=Han}/u.test(text) && !NO_OTHER_FORM.some((name) => text.includes(name))), []);
  });
}

async function briefing() {
  const context = await browser.reader({ locale: 'zh-CN', width: 1280, height: 900 });
  const { page, seen } = await open(context);
  await check('the briefing opens from the page, in both languages, with the head of the journal', async () => {
    await page.getByTestId('to-briefing').click();
    await page.locator('#b-found').waitFor({ timeout: WAIT_MS });
    await has(page, '[data-testid=briefing] h1', '疫情处置简报');
    assert.match(await page.locator('[data-testid=briefing] footer').innerText(), /[0-9a-f]{64}/);
    const headings = (await page.locator('[data-testid=briefing] :is(h2, h3, th)').allInnerTexts()).join(' ');
    assert.doesNotMatch(headings, /[a-z]{3,} [a-z]{2,}/i);
    await shot(page, 'briefing-zh');
    await page.getByRole('button', { name: '切换为英文' }).click();
    await has(page, '[data-testid=briefing] h1', 'Briefing on the response');
    const english = (await page.locator('[data-testid=briefing] :is(h1, h2, h3, th, td)').allInnerTexts()).filter((text) => /\p{Script=Han}/u.test(text));
    assert.deepEqual(english, []);
    assert.deepEqual(seen.errors, []);
  });
  await shot(page, 'briefing-en');
  await context.close();
}

async function screening() {
  const context = await browser.reader({ locale: 'zh-CN', width: 1280, height: 900 });
  const { page, seen } = await open(context);
  const rows = (table) => page.locator(`[data-testid=${table}] tbody tr`);
  await check('the balance opens from the page and is laid out by round, site, box, laboratory and hour', async () => {
    await page.getByTestId('to-screening').click();
    for (const kind of ['site', 'box', 'laboratory', 'hour', 'round']) {
      await page.locator(`[data-by=${kind}]`).click();
      await page.locator(`[data-by=${kind}][aria-pressed=true]`).waitFor();
      await page.locator('#balance :is([data-testid=balance], .empty)').first().waitFor({ timeout: WAIT_MS });
    }
    await rows('balance').first().waitFor({ timeout: WAIT_MS });
    const shown = await page.locator('[data-testid=balance] tbody tr').evaluateAll((found) => found.map((row) => [row.dataset.row, row.cells[1].innerText]));
    const { rows: expected } = await (await fetch(`${base}/api/screening/balance?by=round`)).json();
    assert.deepEqual(shown.map(([key]) => key), expected.map(({ key }) => key));
  });
  await check('who is due today is counted for every township, and what another interval costs is reckoned', async () => {
    await rows('due').first().waitFor({ timeout: WAIT_MS });
    const parts = await page.locator('[data-testid=due] tr').evaluateAll((found) => found.slice(1).map((row) => [...row.cells].slice(1, 3).map((cell) => Number(cell.innerText.replaceAll(',', '')))));
    const total = parts.pop();
    for (const at of [0, 1]) assert.equal(parts.reduce((sum, part) => sum + part[at], 0), total[at]);
    assert.ok(total[0] > 0 && total[1] <= total[0], String(total));
    await page.getByTestId('interval-days').selectOption('2');
    await page.getByTestId('interval-reckon').click();
    await rows('interval').first().waitFor({ timeout: WAIT_MS });
  });
  await shot(page, 'screening-zh', true);
  await page.getByRole('button', { name: '切换为英文' }).click();
  await check('the screening page has no Chinese in English', async () => {
    const english = (await page.locator('[data-testid=screening] :is(h1, h2, th, label, p)').allInnerTexts()).filter((text) => /\p{Script=Han}/u.test(text));
    assert.deepEqual(english, []);
    assert.deepEqual(seen.errors, []);
  });
  await shot(page, 'screening-en', true);
  await context.close();
}

async function report() {
  const answer = await fetch(`${base}/api/drill/report`);
  const context = await browser.reader({ locale: 'zh-CN', width: 1280, height: 900 });
  if (answer.status === 404) {
    // The drill may end before the page asks: it is given the answer that was seen here.
    const told = { status: 404, contentType: answer.headers.get('content-type') ?? 'application/json', body: await answer.text() };
    await context.route('**/api/drill/report', (route) => route.fulfill(told));
  }
  const { page, seen } = await open(context, '/#/report');
  if (answer.status === 404) {
    await check('without a report the page says when there will be one', () => page.getByRole('alert').waitFor({ timeout: WAIT_MS }));
    await context.close();
    return;
  }
  const expected = await answer.json();
  await check('the report shows every checkpoint and the verdict', async () => {
    await page.getByTestId('checkpoints').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.locator('[data-testid=checkpoints] tbody tr').count(), expected.checkpoints.length);
    await has(page, '[data-testid=report-ok]', expected.ok ? '全部达到' : '有未达到的环节');
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.strays, []);
  });
  await shot(page, 'report-zh', true);
  await context.close();
}

try {
  console.log(`e2e: ${base}${mock ? ' (mock)' : ''} in ${executable}`);
  const moment = await firstMoment(base);
  await wallInBothLanguages(moment);
  await phone(moment);
  await night(moment);
  await report();
  await briefing();
  if (given) await screening();
  if (mock) {
    await dropChecks(check, await browser.reader({ locale: 'zh-CN', width: 1280, height: 800 }), mock);
    await signInChecks(check, await browser.reader({ locale: 'en', width: 1280, height: 800 }));
    await secondFactorChecks(check, await browser.reader({ locale: 'zh-CN', width: 1280, height: 800 }), shot, 'zh');
    await secondFactorChecks(check, await browser.reader({ locale: 'en', width: 1280, height: 800 }), shot, 'en');
    await laneChecks(check, await browser.reader({ locale: 'zh-CN', width: 390, height: 844, phone: true }), mock, shot, 'zh');
    await laneChecks(check, await browser.reader({ locale: 'en', width: 390, height: 844, phone: true }), mock, shot, 'en');
    for (const [language, locale] of [['zh', 'zh-CN'], ['en', 'en']]) {
      await mineChecks(check, await browser.reader({ locale, width: 390, height: 844, phone: true }), mock, shot, language);
      await gateChecks(check, await browser.reader({ locale, width: 390, height: 844, phone: true }), mock, shot, language);
    }
    for (const [language, locale] of [['zh', 'zh-CN'], ['en', 'en']]) {
      await deskChecks(check, await browser.reader({ locale, width: 1280, height: 860 }), mock, shot, language, 'desk');
      await deskChecks(check, await browser.reader({ locale, width: 390, height: 844, phone: true }), mock, shot, language, 'phone');
    }
    await approvalChecks(check, await browser.reader({ locale: 'en', width: 1280, height: 800 }), shot);
  }
} catch (error) {
  failed += 1;
  console.log(`✗ ${String(error?.stack ?? error)}`);
} finally {
  await browser.close();
  mock?.stop();
}
console.log(failed === 0 ? 'e2e: all holds' : `e2e: ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
