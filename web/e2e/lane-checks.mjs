/** A sampler at a lane: the sheet, tubes and people, the network away, the page opened again, everything sent. */
import assert from 'node:assert/strict';

const WAIT_MS = 60_000;

export async function laneChecks(check, context, mock, shot, language) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const scan = async (text) => {
    await at('lane-scan').fill(text);
    await at('lane-scan').press('Enter');
  };
  const sampled = async (text) => {
    await scan(text);
    await at('lane-own').click();
    await at('lane-scan').waitFor();
  };
  await page.goto(`${mock.url}/#/lane`);
  await check(`a lane fetches its sheet after a sign-in (${language})`, async () => {
    await at('sign-in').locator('input').nth(0).fill('sampler-1');
    await at('sign-in').locator('input').nth(1).fill(mock.password);
    await at('sign-in').locator('button').click();
    await at('lane-round').fill('3');
    await at('lane-lane').fill('7');
    await shot(page, `lane-setup-${language}`);
    await at('lane-fetch').click();
    await at('lane').waitFor({ timeout: WAIT_MS });
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null, {}, { timeout: WAIT_MS });
    // Once under the worker, so that it has seen every file of the page.
    await page.reload();
    await at('lane').waitFor({ timeout: WAIT_MS });
  });
  await check(`without a network the lane goes on, and says so (${language})`, async () => {
    await context.setOffline(true);
    await page.waitForFunction(() => document.querySelector('header.off') !== null, {}, { timeout: WAIT_MS });
    await scan('QX-0001');
    await scan('30');
    assert.match(await at('lane-ask').locator('.echo').innerText(), language === 'zh' ? /1953 年生，男/ : /Born 1953, male/);
    await shot(page, `lane-confirm-${language}`);
    await at('lane-own').click();
    await scan('1');
    assert.equal(await at('lane-ask').locator('.warnings li').count(), 1);
    await shot(page, `lane-warning-${language}`);
    await at('lane-not-own').click();
    await scan('11010519491231002X');
    assert.match(await at('lane-ask').locator('.echo').innerText(), /1949/);
    await at('lane-own').click();
    await at('lane-scan').waitFor();
    assert.match(await at('lane-count').innerText(), /3\s*\/\s*3/);
    await shot(page, `lane-full-${language}`);
  });
  await check(`the last one is taken back, a wrong card is told (${language})`, async () => {
    await at('lane-undo').click();
    await page.waitForFunction(() => document.querySelector('[data-testid=lane-count] b')?.textContent === '2');
    await scan('110105194912310021');
    assert.notEqual((await at('lane-said').innerText()).trim(), '');
    await sampled('5');
    await at('lane-seal').click();
    await at('lane-done').waitFor();
  });
  await check(`the page opens again without a network and has forgotten nothing (${language})`, async () => {
    await page.reload();
    await at('lane').waitFor({ timeout: WAIT_MS });
    assert.match(await at('lane-state').innerText(), /6/);
    assert.equal(await page.evaluate(() => document.body.innerText.includes('11010519491231002X')), false);
    await shot(page, `lane-reopened-${language}`);
  });
  await check(`no identity stands in what the device keeps, nor in the file (${language})`, async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), at('lane-save').click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    assert.equal(text.trim().split('\n').length, 7, 'a head and six records');
    assert.equal(text.includes('11010519491231002X') || text.includes('19491231'), false);
  });
  await check(`back on the network everything is sent, each record once and rightly signed (${language})`, async () => {
    await at('lane-done').click();
    await context.setOffline(false);
    await page.waitForFunction(() => document.querySelector('header.off') === null, {}, { timeout: WAIT_MS });
    await at('lane-send').click();
    await at('lane-returned').waitFor({ timeout: WAIT_MS });
    const kinds = [...mock.lane.received.entries()].sort(([a], [b]) => a - b).map(([, what]) => what.kind);
    assert.deepEqual(kinds, ['swab', 'swab', 'swab', 'undo', 'swab', 'seal', 'done']);
    const [first, second] = [mock.lane.received.get(1), mock.lane.received.get(2)];
    assert.deepEqual([first.own, second.own, second.who.person], [true, false, 1]);
    await shot(page, `lane-returned-${language}`);
  });
  mock.lane.received.clear();
  await context.close();
}
