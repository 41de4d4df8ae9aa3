/** A sampler at a lane: the sheet, tubes and people, the network away, the page opened again, everything sent and in the office's tables. */
import assert from 'node:assert/strict';

const WAIT_MS = 60_000;
const CARD = '11010519491231002X';

export async function laneChecks(check, context, office, shot, language, lane) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const tube = `QX-${language.toUpperCase()}-1`;
  const name = `sampler-${language === 'zh' ? 831 : 832}`;
  const scan = async (text) => {
    await at('lane-scan').fill(text);
    await at('lane-scan').press('Enter');
  };
  await page.goto(`${office.url}/#/lane`);
  await check(`a lane fetches its sheet after a sign-in (${language})`, async () => {
    await at('sign-in').locator('input').nth(0).fill(name);
    await at('sign-in').locator('input').nth(1).fill(await office.account(name));
    await at('sign-in').locator('button').click();
    await at('lane-round').selectOption(String(office.round));
    await at('lane-lane').selectOption(String(lane));
    await shot(page, `lane-setup-${language}`);
    await at('lane-fetch').click();
    await at('lane').waitFor({ timeout: WAIT_MS });
    await page.waitForFunction(() => document.querySelector('[data-testid=device-kept]')?.getAttribute('data-page') === 'true', {}, { timeout: WAIT_MS });
  });
  await check(`without a network the lane goes on, and says so (${language})`, async () => {
    await context.setOffline(true);
    await page.waitForFunction(() => document.querySelector('header.off') !== null, {}, { timeout: WAIT_MS });
    await scan(tube);
    await scan('3');
    assert.match(await at('lane-ask').locator('.echo').innerText(), /1985/);
    await at('lane-own').click();
    await scan('11');
    assert.equal(await at('lane-ask').locator('.warnings li').count(), 1, 'the sheet warns of who is exempt');
    await shot(page, `lane-warning-${language}`);
    await at('lane-not-own').click();
    await scan(CARD);
    assert.match(await at('lane-ask').locator('.echo').innerText(), /1949/);
    await at('lane-own').click();
    await at('lane-scan').waitFor();
    assert.match(await at('lane-count').innerText(), /^3/);
  });
  await check(`the last one is taken back, a wrong card is told (${language})`, async () => {
    await at('lane-undo').click();
    await page.waitForFunction(() => document.querySelector('[data-testid=lane-count] b')?.textContent === '2');
    await scan(`${CARD.slice(0, -1)}1`);
    assert.notEqual((await at('lane-said').innerText()).trim(), '');
    await scan('4');
    await at('lane-own').click();
    await at('lane-scan').waitFor();
    await at('lane-seal').click();
    await at('lane-done').waitFor();
  });
  await check(`the page opens again without a network and has forgotten nothing (${language})`, async () => {
    await page.reload();
    await at('lane').waitFor({ timeout: WAIT_MS });
    assert.match(await at('lane-state').innerText(), /6/);
    assert.equal(await page.evaluate((card) => document.body.innerText.includes(card), CARD), false);
    await shot(page, `lane-reopened-${language}`);
  });
  await check(`no identity stands in the file that the device saves (${language})`, async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), at('lane-save').click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    assert.equal(text.trim().split('\n').length, 7, 'a head and six records');
    assert.equal(text.includes(CARD) || text.includes('19491231'), false);
  });
  await check(`back on the network everything is sent, and stands in the office's tables (${language})`, async () => {
    await at('lane-done').click();
    await context.setOffline(false);
    await page.waitForFunction(() => document.querySelector('header.off') === null, {}, { timeout: WAIT_MS });
    await at('lane-send').click();
    await at('lane-returned').waitFor({ timeout: WAIT_MS });
    const kept = JSON.stringify(await office.as('admin', `/api/screening/tube?tube=${tube}`));
    assert.match(kept, /"sealed_at":\d+/, kept);
    await shot(page, `lane-returned-${language}`);
  });
  await context.close();
}
