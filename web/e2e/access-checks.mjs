/** Signing in at a folder with real data, the second factor, and a line that drops because the server is stopped. */
import assert from 'node:assert/strict';

const WAIT_MS = 60_000;

const enter = async (page, name, password) => {
  await page.getByTestId('sign-in').locator('input').nth(0).fill(name);
  await page.getByTestId('sign-in').locator('input').nth(1).fill(password);
  await page.keyboard.press('Enter');
};

/** A folder with real data asks who is there; a wrong password is told in words; no script can read the session. */
export async function signInChecks(check, context, office, shot, language) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const name = `publisher-${language === 'zh' ? 801 : 802}`;
  await office.account(name);
  await page.goto(office.url);
  await check(`a folder with real data shows nothing before a sign-in (${language})`, async () => {
    await at('sign-in').waitFor({ timeout: WAIT_MS });
    assert.equal(await at('clock').count(), 0);
    await shot(page, `sign-in-${language}`);
  });
  await check(`a wrong password is told in the reader's language (${language})`, async () => {
    await enter(page, name, 'a wrong password');
    await page.waitForFunction(() => (document.querySelector('[data-testid=sign-in] .wrong')?.textContent ?? '').trim() !== '', {}, { timeout: WAIT_MS });
    const told = await at('sign-in').locator('.wrong').innerText();
    assert.equal(/\p{Script=Han}/u.test(told), language === 'zh', told);
  });
  await check(`after a sign-in the page lives, and no script can read by what (${language})`, async () => {
    await enter(page, name, office.password(name));
    await at('clock').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.evaluate(() => document.cookie + Object.keys(window.localStorage).filter((key) => key !== 'outpace.drill').join() + Object.keys(window.sessionStorage).join()), '');
    await page.reload();
    await at('sign-out').waitFor({ timeout: WAIT_MS });
  });
  await check(`a session that ended is told as that, and the sign-in asked for (${language})`, async () => {
    await context.clearCookies();
    await page.reload();
    await at('sign-in').waitFor({ timeout: WAIT_MS });
    await enter(page, name, office.password(name));
    await at('sign-out').waitFor({ timeout: WAIT_MS });
    // The account ends every sign-in elsewhere; this page learns it from the stream.
    await page.evaluate(async () => fetch('api/access/sign-out-everywhere', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }));
    await at('sign-in').waitFor({ timeout: WAIT_MS });
  });
  await context.close();
}

/** The line drops: the page says since when, marks its figures as old, and comes back by itself. */
export async function dropChecks(check, context, office, language) {
  const page = await context.newPage();
  const name = `publisher-${language === 'zh' ? 811 : 812}`;
  await office.account(name);
  await page.goto(office.url);
  await enter(page, name, office.password(name));
  await page.getByTestId('clock').waitFor({ timeout: WAIT_MS });
  await check(`a lost line is told with its hour, old figures look old (${language})`, async () => {
    await office.stop();
    const lost = page.getByTestId('connection-lost');
    await lost.waitFor({ timeout: WAIT_MS });
    assert.match(await lost.innerText(), /\d\d:\d\d/);
    assert.equal(await page.locator('.stale').count(), 1);
  });
  await check(`the line comes back by itself (${language})`, async () => {
    await office.start();
    await page.getByTestId('connection-lost').waitFor({ state: 'detached', timeout: WAIT_MS });
    assert.equal(await page.locator('.stale').count(), 0);
  });
  await context.close();
}

/** A role that needs a second factor sets one up before it sees anything, is asked for it, and leaves everywhere. */
export async function secondFactorChecks(check, context, office, shot, language) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const name = `deputy-${language === 'zh' ? 821 : 822}`;
  await office.account(name);
  await page.goto(office.url);
  await check(`a role that needs a second factor sets one up before it sees anything (${language})`, async () => {
    await enter(page, name, office.password(name));
    await at('enrol-qr').waitFor({ timeout: WAIT_MS });
    assert.equal(await at('clock').count(), 0);
    await shot(page, `enrol-${language}`);
    office.enrolled(name, (await at('enrol-secret').innerText()).replaceAll(' ', ''));
    await at('code').fill(office.code(name));
    await page.keyboard.press('Enter');
    await at('clock').waitFor({ timeout: WAIT_MS });
  });
  await check(`one sees where one is signed in, and leaves everywhere (${language})`, async () => {
    await at('to-own').click();
    await at('own').locator('tbody tr').first().waitFor();
    await shot(page, `own-${language}`);
    await at('own').getByRole('button').last().click();
    await at('sign-in').waitFor({ timeout: WAIT_MS });
  });
  await check(`after the password the code is asked for, and a wrong one may be typed again (${language})`, async () => {
    await enter(page, name, office.password(name));
    await at('code').fill('000000');
    await page.keyboard.press('Enter');
    await page.getByText(language === 'zh' ? '验证码不正确或已用过' : 'was used already').waitFor({ timeout: WAIT_MS });
    await at('code').fill(office.code(name));
    await page.keyboard.press('Enter');
    await at('clock').waitFor({ timeout: WAIT_MS });
  });
  await context.close();
}
