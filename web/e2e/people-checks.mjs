/** The pages for everybody: one's own file in a few taps, the gate without a network. */
import assert from 'node:assert/strict';

import { soon } from './office.mjs';

const WAIT_MS = 60_000;

/** Somebody in quarantine reads why, until when and who looked, and appeals. */
export async function mineChecks(check, context, office, shot, language, person) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const { code } = await office.as('grid-worker-1', '/api/residents/hand-out-code', { person, way: 'door' });
  await page.goto(`${office.url}/#/mine`);
  await check(`a wrong code is refused, the right one opens one's own file (${language})`, async () => {
    await at('mine-code').fill('0000000000');
    await at('mine-enter').locator('button').click();
    await at('mine-enter').locator('.wrong').waitFor({ timeout: WAIT_MS });
    await shot(page, `mine-code-${language}`);
    await at('mine-code').fill(code.toLowerCase());
    await at('mine-enter').locator('button').click();
    await at('mine-colour').waitFor({ timeout: WAIT_MS });
    assert.equal(await at('mine-colour').getAttribute('data-colour'), 'red');
    assert.equal(await at('mine-colour').locator('svg').getAttribute('data-shape'), 'red', 'a shape beside the colour');
    assert.match(await at('mine-colour').innerText(), language === 'zh' ? /红码/ : /Red/);
    await shot(page, `mine-${language}`, true);
  });
  await check(`why, until when and what ends it are there (${language})`, async () => {
    const measure = await at('mine-measure').first().innerText();
    assert.match(measure, language === 'zh' ? /解除/ : /ends|lift/);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false, 'nothing stands beyond the edge of the telephone');
  });
  await check(`an appeal takes two taps, and waits at the office (${language})`, async () => {
    await at('mine-appeal').first().click();
    await shot(page, `mine-appeal-${language}`);
    await at('mine-appeal-send').click();
    await at('mine-appeal-waits').first().waitFor({ timeout: WAIT_MS });
    const { requests } = await office.as('auditor-1', '/api/residents/appeals');
    assert.ok(requests.some(({ request }) => request.person === person), JSON.stringify(requests).slice(0, 300));
  });
  await check(`the own status code is shown, and a reload keeps the file (${language})`, async () => {
    await at('mine-pass').click();
    assert.match(await at('qr').getAttribute('data-text'), /^OPS1\./);
    await shot(page, `mine-pass-${language}`);
    await page.reload();
    await at('mine-colour').waitFor({ timeout: WAIT_MS });
    const [cookie] = await context.cookies(office.url);
    assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.expires], [true, 'Strict', -1], 'no script reads the session');
    await at('mine-leave').click();
    await at('mine-enter').waitFor();
  });
  await context.close();
}

/** A keeper tells codes of the office without a network; after the list was fetched again, those of who turned red no longer count. */
export async function gateChecks(check, context, office, shot, language, { turned, turn }) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const name = `gatekeeper-${language === 'zh' ? 841 : 842}`;
  const passOf = async (person) => (await office.as('gatekeeper-9', `/api/status/pass?person=${person}`)).text;
  const scan = async (text) => {
    await at('gate-scan').fill(text);
    await at('gate-scan').press('Enter');
  };
  const found = (colour, words, timeout = WAIT_MS) =>
    page.waitForFunction(([asked, pattern]) => {
      const shown = document.querySelector('[data-testid=gate-found]');
      return shown?.getAttribute('data-colour') === asked && new RegExp(pattern).test(shown.textContent ?? '');
    }, [colour, words], { timeout });
  const [green, before] = [await passOf(3), await passOf(turned)];
  await page.goto(`${office.url}/#/gate`);
  await check(`a gate fetches its list after a sign-in (${language})`, async () => {
    await at('sign-in').locator('input').nth(0).fill(name);
    await at('sign-in').locator('input').nth(1).fill(await office.account(name));
    await at('sign-in').locator('button').click();
    await at('gate-fetch').click();
    await at('gate-scan').waitFor({ timeout: WAIT_MS });
    await page.waitForFunction(() => document.querySelector('[data-testid=device-kept]')?.getAttribute('data-page') === 'true', {}, { timeout: WAIT_MS });
  });
  await check(`without a network it tells a good code from a forged one and from none (${language})`, async () => {
    await context.setOffline(true);
    await page.reload();
    await at('gate-scan').waitFor({ timeout: WAIT_MS });
    for (const pass of [green, before]) {
      await scan(pass);
      await found('green', '');
    }
    assert.equal(await at('gate-found').locator('svg').getAttribute('data-shape'), 'green');
    await shot(page, `gate-green-${language}`);
    await scan(green.replace(/.{4}$/, 'AAAA'));
    await found('none', '签名不符|signature is wrong');
    await scan('OP1-17-S-7K2M9QXA');
    await found('none', '不是状态码|no status code');
  });
  await check(`after somebody turned red a few bytes are fetched, and their old code no longer counts (${language})`, async () => {
    await turn();
    await context.setOffline(false);
    await page.waitForFunction(() => document.querySelector('[data-testid=gate-fetch]') !== null, {}, { timeout: WAIT_MS });
    await soon(async () => {
      const answer = page.waitForResponse((one) => one.url().includes('/api/status/gate-list'));
      await at('gate-fetch').click();
      const text = await (await answer).text();
      assert.ok(text.length < 3_000, `${text.length} bytes for what changed`);
      await scan(before);
      // The office gives one list out for some seconds.
      await found('none', '作废|no longer counts', 2_000);
    }, 60_000);
    await scan(green);
    await found('green', '');
    await shot(page, `gate-refused-${language}`);
    const kept = await page.evaluate(() => Object.keys(window.localStorage));
    assert.deepEqual(kept.filter((key) => key.includes('gate')), [], 'the list lies in IndexedDB');
  });
  await context.close();
}
