/** The pages for work at a desk: answering what residents ask, accounts, exports and retention. */
import assert from 'node:assert/strict';

const WAIT_MS = 60_000;

/** Nothing of the page stands beyond its edge. */
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

const enter = async (page, office, name) => {
  await page.getByTestId('sign-in').locator('input').nth(0).fill(name);
  await page.getByTestId('sign-in').locator('input').nth(1).fill(office.password(name));
  await page.keyboard.press('Enter');
};

export async function answerChecks(check, context, office, shot, language, person) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const name = `auditor-${language === 'zh' ? 851 : 852}`;
  await office.account(name);
  await page.goto(`${office.url}/#/answers`);
  await check(`what waits is shown with deadline, measure and words, and a no goes out with its reason (${language})`, async () => {
    await at('sign-in').waitFor({ timeout: WAIT_MS });
    await enter(page, office, name);
    await at('answer').first().waitFor({ timeout: WAIT_MS });
    assert.equal(await fits(page), true);
    await shot(page, `answers-${language}`, true);
    const waits = at('answer').filter({ hasText: language === 'zh' ? new RegExp(`${person}`) : new RegExp(`${person}`) });
    const id = await waits.first().getAttribute('data-request');
    const one = page.locator(`[data-request="${id}"]`);
    await one.getByTestId('answer-no').click();
    await one.getByTestId('answer-zh').fill('登记无误');
    await one.getByTestId('answer-en').fill('the record is right');
    await one.getByTestId('answer-send').click();
    await at('answers-told').waitFor({ timeout: WAIT_MS });
    const { requests } = await office.as('auditor-1', '/api/residents/appeals');
    assert.equal(requests.some(({ request }) => String(request.id) === id), false, 'it waits no longer');
  });
  await check(`the auditor reads what left and what is held (${language})`, async () => {
    await page.goto(`${office.url}/#/custody`);
    await at('due').waitFor({ timeout: WAIT_MS });
    assert.equal(await fits(page), true);
    await shot(page, `custody-${language}`, true);
    assert.equal(await at('order').isDisabled(), true, 'nothing has fallen due');
  });
  await context.close();
}

export async function accountChecks(check, context, office, shot, language) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const name = `administrator-${language === 'zh' ? 861 : 862}`;
  const made = `auditor-made-${language}`;
  // A second administrator, whose authenticator is set up already.
  await office.token(name);
  await page.goto(`${office.url}/#/accounts`);
  await check(`an account is set up with a password shown once, and signs in with it (${language})`, async () => {
    await enter(page, office, name);
    await at('code').fill(office.code(name));
    await page.keyboard.press('Enter');
    await at('accounts').locator('li').first().waitFor({ timeout: WAIT_MS });
    assert.equal(await fits(page), true);
    await at('add-account').click();
    await at('add-name').fill(made);
    await at('add-role').selectOption('auditor');
    await at('add-go').click();
    const shown = await at('secret').innerText({ timeout: WAIT_MS });
    assert.match(shown, /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    await shot(page, `accounts-once-${language}`);
    await at('once-close').click();
    assert.equal(await page.getByText(shown).count(), 0);
    const signedIn = await office.call('/api/access/sign-in', { body: { name: made, password: shown } });
    assert.equal(signedIn.actor.role, 'auditor');
  });
  await check(`what is grave wants a reason, and the office knows it (${language})`, async () => {
    await page.reload();
    await page.locator(`[data-name=${made}] [data-do=disable]`).click();
    await at('grave-reason').fill('调离 / moved to another office');
    await at('grave-go').click();
    await at('accounts-told').waitFor({ timeout: WAIT_MS });
    const { actors } = await office.as('admin', '/api/access/actors?role=auditor');
    assert.equal(actors.find((one) => one.name === made)?.disabled, true);
  });
  await context.close();
}
