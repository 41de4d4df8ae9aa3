/** What a real server cannot be asked to do on demand: drop the line, ask for a sign-in. */
import assert from 'node:assert/strict';

import { startMock } from './mock.mjs';

const WAIT_MS = 60_000;

/** The line drops: the page says since when, marks its figures as old, and comes back by itself. */
export async function dropChecks(check, context, mock) {
  const page = await context.newPage();
  await page.goto(mock.url);
  await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
  await check('a lost line is told with its hour, old figures look old', async () => {
    mock.setDown(true);
    const lost = page.getByTestId('connection-lost');
    await lost.waitFor({ timeout: WAIT_MS });
    assert.match(await lost.innerText(), /无连接，自本机时间 \d\d:\d\d 起/);
    assert.equal(await page.locator('.stale').count(), 1);
  });
  await check('the line comes back by itself', async () => {
    mock.setDown(false);
    await page.getByTestId('connection-lost').waitFor({ state: 'detached', timeout: WAIT_MS });
    assert.equal(await page.locator('.stale').count(), 0);
  });
  await context.close();
}

/** A folder with real data asks who is there; a wrong password is told in words; the token lasts for the tab only. */
export async function signInChecks(check, context) {
  const locked = await startMock({ locked: true });
  const page = await context.newPage();
  await page.goto(locked.url);
  await check('a folder with real data shows nothing before a sign-in', async () => {
    await page.getByTestId('sign-in').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.getByTestId('clock').count(), 0);
  });
  const enter = async (password) => {
    await page.getByLabel('Name').fill('commander-1');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await check('a wrong password is told in the reader\'s language', async () => {
    await enter('wrong');
    await page.getByText('The name or the password is not right.').waitFor({ timeout: WAIT_MS });
  });
  await check('after a sign-in the page lives, map included', async () => {
    await enter(locked.password);
    await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
    await page.waitForFunction(() => Number(document.querySelector('[data-testid=map]')?.getAttribute('data-zones')) > 0, {}, { timeout: WAIT_MS });
    assert.equal(await page.evaluate(() => window.localStorage.getItem('outpace.token')), null);
  });
  locked.stop();
}
