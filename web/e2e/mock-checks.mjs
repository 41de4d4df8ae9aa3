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

/** A folder with real data asks who is there; a wrong password is told in words; no script can read the session. */
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
    assert.equal(await page.evaluate(() => window.localStorage.length + window.sessionStorage.length), 0);
  });
  await check('a reload knows who was signed in, and no script can read by what', async () => {
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.reload();
    await page.getByTestId('sign-out').waitFor({ timeout: WAIT_MS });
  });
  await check('who signs out sees nothing more, after a reload neither', async () => {
    await page.getByTestId('sign-out').click();
    await page.getByTestId('sign-in').waitFor({ timeout: WAIT_MS });
    await page.reload();
    await page.getByTestId('sign-in').waitFor({ timeout: WAIT_MS });
  });
  await context.close();
  locked.stop();
}

/** The second factor: asked for after the password, or set up before anything else. */
export async function secondFactorChecks(check, context, shot, language) {
  const mock = await startMock({ locked: true });
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const enter = async (name) => {
    await at('sign-in').locator('input').nth(0).fill(name);
    await at('sign-in').locator('input').nth(1).fill(mock.password);
    await page.keyboard.press('Enter');
  };
  await page.goto(mock.url);
  await at('sign-in').waitFor({ timeout: WAIT_MS });
  await shot(page, `sign-in-${language}`);
  await check(`after the password the code is asked for, and a wrong one may be typed again (${language})`, async () => {
    await enter('deputy-1');
    await at('code').fill('000000');
    await page.keyboard.press('Enter');
    await page.getByText(language === 'zh' ? '验证码不正确或已用过' : 'was used already').waitFor({ timeout: WAIT_MS });
    await shot(page, `sign-in-code-${language}`);
    await at('code').fill(mock.code);
    await page.keyboard.press('Enter');
    await at('clock').waitFor({ timeout: WAIT_MS });
  });
  await check(`one sees where one is signed in, and leaves everywhere (${language})`, async () => {
    await at('to-own').click();
    await at('own').locator('tbody tr').nth(1).waitFor();
    await shot(page, `own-${language}`);
    await at('own').getByRole('button').last().click();
    await at('sign-in').waitFor({ timeout: WAIT_MS });
  });
  await check(`a role that needs a second factor sets one up before it sees anything (${language})`, async () => {
    await enter('admin');
    await at('enrol-qr').waitFor({ timeout: WAIT_MS });
    assert.equal(await at('clock').count(), 0);
    await shot(page, `enrol-${language}`);
    await page.reload();
    await at('enrol-qr').waitFor({ timeout: WAIT_MS });
    assert.match(await at('enrol-secret').innerText(), /^([A-Z2-7]{4} ?){8}$/);
    await at('code').fill(mock.code);
    await page.keyboard.press('Enter');
    await at('clock').waitFor({ timeout: WAIT_MS });
  });
  await context.close();
  mock.stop();
}

/** An approver signs in over the page and answers the plan: bound to what was seen, with a reason for a no. */
export async function approvalChecks(check, context, shot) {
  const mock = await startMock();
  const page = await context.newPage();
  await page.goto(mock.url);
  await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
  await check('who is not signed in can only watch', async () => {
    assert.equal(await page.getByTestId('approval').count(), 0);
  });
  await check('a sign-in over the page opens the answer to the plan, by keyboard alone', async () => {
    await page.getByTestId('to-sign-in').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Name').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.getByLabel('Name').count(), 0);
    await page.keyboard.press('Enter');
    await page.getByLabel('Name').fill('commander-1');
    await page.getByLabel('Password').fill(mock.password);
    await page.keyboard.press('Enter');
    await page.getByTestId('approve').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.locator('[data-line=line-3] input').isDisabled(), true);
    await page.getByText('your role may not answer this line').waitFor();
  });
  await check('a plan that changed says what grew worse and is not answered before it was looked at', async () => {
    mock.worsen();
    await page.getByTestId('plan-changed').waitFor({ timeout: WAIT_MS });
    assert.match(await page.getByTestId('plan-changed').innerText(), /1,897 → 3,000/);
    assert.equal(await page.getByTestId('approve').isDisabled(), true);
    await page.getByTestId('approval').scrollIntoViewIfNeeded();
    await shot(page, 'approval-en');
    await page.getByRole('button', { name: 'Look at the new version' }).click();
    await page.getByTestId('plan-changed').waitFor({ state: 'detached' });
  });
  await check('a line is declined with a reason and never without one', async () => {
    await page.locator('[data-line=line-2]').getByRole('button', { name: 'Decline…' }).click();
    assert.equal(await page.getByRole('button', { name: 'Decline this line' }).isDisabled(), true);
    await page.getByLabel('Reason for declining (needed)').fill('Two compounds would do');
    await page.getByRole('button', { name: 'Decline this line' }).click();
    await page.getByText('Approved: 0. Declined: 1.').waitFor({ timeout: WAIT_MS });
    assert.deepEqual(mock.answers.at(-1), { plan: 8, lines: ['line-2'], reason: 'Two compounds would do' });
  });
  await check('a yes is asked twice and names the version that was seen', async () => {
    await page.getByTestId('approve').click();
    await page.getByText('Approve 1 lines of version 8: 3,000 people').waitFor();
    await page.getByTestId('approve-now').click();
    await page.getByText('Approved: 1. Declined: 0.').waitFor({ timeout: WAIT_MS });
    assert.deepEqual(mock.answers.at(-1), { plan: 8, lines: [{ line: 'line-1' }] });
  });
  mock.stop();
}
