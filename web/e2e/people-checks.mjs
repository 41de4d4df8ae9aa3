/** The pages for everybody: one's own file in a few taps, the gate without a network, the screen of a place. */
import assert from 'node:assert/strict';

const WAIT_MS = 60_000;

export async function mineChecks(check, context, mock, shot, language) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  await page.goto(`${mock.url}/#/mine`);
  await check(`a wrong code is refused, the right one opens one's own file (${language})`, async () => {
    await at('mine-code').fill('0000000000');
    await at('mine-enter').locator('button').click();
    await at('mine-enter').locator('.wrong').waitFor({ timeout: WAIT_MS });
    await shot(page, `mine-code-${language}`);
    await at('mine-code').fill('7k2m9-qxa3b');
    await at('mine-enter').locator('button').click();
    await at('mine-colour').waitFor({ timeout: WAIT_MS });
    assert.equal(await at('mine-colour').getAttribute('data-colour'), 'red');
    assert.equal(await at('mine-colour').locator('svg').getAttribute('data-shape'), 'red', 'a shape beside the colour');
    assert.match(await at('mine-colour').innerText(), language === 'zh' ? /红码/ : /Red/);
    await shot(page, `mine-${language}`, true);
  });
  await check(`why, until when, what ends it, who looked and what for are there (${language})`, async () => {
    const [measure, looks] = [await at('mine-measure').innerText(), await at('mine-looks').innerText()];
    assert.match(measure, language === 'zh' ? /与确诊病例同住[\s\S]*自动解除/ : /lives with a confirmed case[\s\S]*ends by itself/);
    assert.match(looks, /tracer-2/);
    assert.match(looks, language === 'zh' ? /hospital-1应急查阅[\s\S]*夜间急诊/ : /hospital-1 broke the glass[\s\S]*emergency room/);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    assert.equal(wide, false, 'nothing stands beyond the edge of the telephone');
  });
  await check(`an appeal takes two taps (${language})`, async () => {
    const before = mock.people.appeals.length;
    await at('mine-appeal').click();
    await shot(page, `mine-appeal-${language}`);
    await at('mine-appeal-send').click();
    await at('mine-appeal-waits').waitFor({ timeout: WAIT_MS });
    assert.equal(mock.people.appeals.length, before + 1);
    assert.equal(await at('mine-request').count(), before + 1);
  });
  await check(`the own status code is shown, and a child's file is one choice away (${language})`, async () => {
    await at('mine-pass').click();
    assert.match(await at('qr').getAttribute('data-text'), /^OPS1\./);
    await shot(page, `mine-pass-${language}`);
    await at('mine-whose').selectOption('8');
    await page.waitForFunction(() => document.querySelector('[data-testid=mine-colour]')?.getAttribute('data-colour') === 'green', {}, { timeout: WAIT_MS });
    await shot(page, `mine-child-${language}`);
  });
  await check(`a picture of a place's code is told to count for nothing (${language})`, async () => {
    await at('mine-place-code').fill('OP1-17-P-00000000');
    await at('mine-place-code').press('Enter');
    await at('mine-told').waitFor({ timeout: WAIT_MS });
    assert.match(await at('mine-told').innerText(), language === 'zh' ? /不算到访/ : /no visit/);
  });
  await check(`a reload keeps the file, leaving forgets it (${language})`, async () => {
    await page.reload();
    await at('mine-colour').waitFor({ timeout: WAIT_MS });
    const [cookie] = await context.cookies(mock.url);
    assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.expires], [true, 'Strict', -1], 'no script reads the session');
    assert.equal(await page.evaluate(() => document.cookie + sessionStorage.length), '0');
    await at('mine-leave').click();
    await at('mine-enter').waitFor();
    await page.reload();
    await at('mine-enter').waitFor({ timeout: WAIT_MS });
  });
  mock.people.appeals.length = 0;
  await context.close();
}

export async function gateChecks(check, context, mock, shot, language) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const scan = async (text) => {
    await at('gate-scan').fill(text);
    await at('gate-scan').press('Enter');
  };
  const found = (colour) => page.waitForFunction((asked) => document.querySelector('[data-testid=gate-found]')?.getAttribute('data-colour') === asked, colour, { timeout: WAIT_MS });
  await page.goto(`${mock.url}/#/gate`);
  await check(`a gate fetches its list after a sign-in (${language})`, async () => {
    await at('sign-in').locator('input').nth(0).fill('gate-1');
    await at('sign-in').locator('input').nth(1).fill(mock.password);
    await at('sign-in').locator('button').click();
    await at('gate-fetch').click();
    await at('gate-scan').waitFor({ timeout: WAIT_MS });
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null, {}, { timeout: WAIT_MS });
    // Once under the worker, so that it has seen every file of the page.
    await page.reload();
    await at('gate-scan').waitFor({ timeout: WAIT_MS });
  });
  await check(`without a network it tells a good code from one that is over, revoked or none (${language})`, async () => {
    await context.setOffline(true);
    await page.reload();
    await at('gate-scan').waitFor({ timeout: WAIT_MS });
    await scan(mock.people.green());
    await found('green');
    assert.equal(await at('gate-found').locator('svg').getAttribute('data-shape'), 'green');
    await shot(page, `gate-green-${language}`);
    for (const [text, words] of [
      [mock.people.green(241), /过期|over/],
      [mock.people.revoked(), /作废|no longer counts/],
      [mock.people.green().replace(/.{4}$/, 'AAAA'), /签名不符|signature is wrong/],
      ['OP1-17-S-7K2M9QXA', /不是状态码|no status code/],
    ]) {
      await scan(text);
      await found('none');
      await page.waitForFunction((pattern) => new RegExp(pattern).test(document.querySelector('[data-testid=gate-found]')?.textContent ?? ''), words.source, { timeout: WAIT_MS });
    }
    await shot(page, `gate-refused-${language}`);
  });
  await context.setOffline(false);
  await page.goto('about:blank');
  await page.goto(`${mock.url}/#/code`);
  await check(`the screen of a place shows another code every step, and goes on while the network is away (${language})`, async () => {
    await at('code-place').fill('17');
    await at('code-token').fill('device-token');
    await at('code-start').click();
    const first = await at('qr').getAttribute('data-text');
    assert.match(first, /^OP1-17-S-/);
    await shot(page, `place-code-${language}`);
    await context.setOffline(true);
    await page.waitForFunction((before) => document.querySelector('[data-testid=qr]')?.getAttribute('data-text') !== before, first, { timeout: WAIT_MS });
  });
  await context.close();
}
