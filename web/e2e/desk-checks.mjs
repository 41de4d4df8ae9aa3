/** The pages for work at a desk: answering what residents ask, accounts and devices, exports and retention. */
import assert from 'node:assert/strict';

const WAIT_MS = 30_000;

/** Nothing of the page stands beyond its edge. */
export const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

export async function deskChecks(check, context, mock, shot, language, size) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  const zh = language === 'zh';
  const name = (what) => `${what}-${size}-${language}`;
  const { heard } = mock.desk;
  const last = () => heard[heard.length - 1];
  /** English on an English page, save for what people wrote and names of functions. */
  const noHan = async (selector) => {
    if (zh) return;
    const texts = await page.locator(selector).allInnerTexts();
    assert.deepEqual(texts.filter((text) => /\p{Script=Han}/u.test(text)), []);
  };
  page.on('pageerror', (error) => assert.fail(String(error)));

  await check(`the desks ask who is there, and lead to each other (${language}, ${size})`, async () => {
    await page.goto(`${mock.url}/#/desk`);
    await at('sign-in').locator('input').nth(0).fill('deputy-1');
    await at('sign-in').locator('input').nth(1).fill(mock.password);
    await page.keyboard.press('Enter');
    await at('code').fill(mock.code);
    await page.keyboard.press('Enter');
    await at('desk').locator('li').first().waitFor({ timeout: WAIT_MS });
    assert.equal(await at('desk').locator('li').count(), 3);
    await shot(page, name('desk'));
    assert.equal(await fits(page), true);
  });

  await check(`what waits is shown with deadline, measure and words; a yes and a no go out as the server wants them (${language}, ${size})`, async () => {
    await page.goto(`${mock.url}/#/answers`);
    const one = (id) => page.locator(`[data-request="${id}"]`);
    await one(3).waitFor({ timeout: WAIT_MS });
    const order = await at('answer').evaluateAll((all) => all.map((each) => each.dataset.request));
    assert.deepEqual(order, ['3', '4', '2', '5'], 'mine first, by deadline');
    assert.match(await one(3).innerText(), zh ? /居家隔离[\s\S]*附件5[\s\S]*commander-1/ : /quarantine at home[\s\S]*annex 5[\s\S]*commander-1/);
    assert.match(await one(2).getByTestId('answer-refused').innerText(), zh ? /未参与/ : /took no part/);
    assert.equal(await one(2).getByTestId('answer-yes').count(), 0);
    await shot(page, name('answers'), true);
    await noHan('[data-testid=answer] :is(h3, dt, button, .due, .not, .soft), .panel h2');
    await one(4).getByTestId('answer-yes').click();
    await one(4).getByTestId('answer-zh').fill('检测结果已撤销');
    await one(4).getByTestId('answer-en').fill('the result was taken back');
    await one(4).getByTestId('answer-send').click();
    await one(4).getByTestId('answer-wrong').waitFor({ timeout: WAIT_MS });
    assert.equal(last().fact, null, 'nothing is made up where nothing was chosen');
    await one(4).locator('input[type=radio]').first().check();
    await shot(page, name('answer-yes'), true);
    assert.equal(await fits(page), true);
    await one(4).getByTestId('answer-send').click();
    await one(4).waitFor({ state: 'detached', timeout: WAIT_MS });
    assert.deepEqual([last().path, last().outcome, last().fact], ['/api/residents/answer-appeal', 'lifted', 5120]);
    await one(5).getByTestId('answer-no').click();
    await one(5).getByTestId('answer-zh').fill('登记无误');
    await one(5).getByTestId('answer-en').fill('the record is right');
    await one(5).getByTestId('answer-send').click();
    await at('answers-told').waitFor({ timeout: WAIT_MS });
    assert.deepEqual([last().path, last().outcome, last().fact], ['/api/residents/answer-correction', 'declined', null]);
  });

  await check(`an account is set up with a password shown once; what is grave wants a reason (${language}, ${size})`, async () => {
    await page.goto(`${mock.url}/#/accounts`);
    await at('accounts').locator('li').first().waitFor({ timeout: WAIT_MS });
    await shot(page, name('accounts'), true);
    assert.equal(await fits(page), true);
    await noHan('[data-testid=accounts] :is(button, .tag, .soft), h2, nav a');
    assert.equal(await page.locator('[data-name=deputy-1] [data-do=disable]').isDisabled(), true, 'nobody ends themselves');
    await at('add-account').click();
    await at('add-name').fill(`auditor-${language}`);
    await at('add-role').selectOption('auditor');
    await at('add-area').fill('140121');
    await shot(page, name('accounts-add'), true);
    await at('add-go').click();
    await at('once').waitFor({ timeout: WAIT_MS });
    const shown = await at('secret').innerText();
    assert.match(shown, /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    assert.equal(last().password, shown, 'what is shown is what was set');
    await shot(page, name('accounts-once'));
    await at('once-close').click();
    assert.equal(await page.getByText(shown).count(), 0);
    await page.locator('[data-name=commander-1] [data-do=reset]').click();
    await at('grave-reason').fill('手机丢失 / lost the phone');
    await shot(page, name('accounts-grave'));
    await at('grave-go').click();
    await at('accounts-told').waitFor({ timeout: WAIT_MS });
    assert.deepEqual([last().path, last().actor, last().reason], ['/api/access/reset-second-factor', 8, '手机丢失 / lost the phone']);
    await page.locator('[data-part=device]').click();
    await page.locator('[data-do=revoke]').first().click();
    await page.waitForFunction(() => document.querySelector('[data-do=revoke]') === null, {}, { timeout: WAIT_MS });
  });

  await check(`a list leaves as a file with a passphrase shown once; what is due is ordered destroyed, and attested (${language}, ${size})`, async () => {
    await page.goto(`${mock.url}/#/custody`);
    await at('due').waitFor({ timeout: WAIT_MS });
    await shot(page, name('custody'), true);
    assert.equal(await fits(page), true);
    await noHan('[data-testid=due] :is(th, td), [data-testid=exports] strong, h2, nav a, [data-testid=destructions] .soft');
    await at('export-make').click();
    await at('export-area').fill('140121203206');
    await at('export-purpose').fill('上门送药 / medicine to the door');
    const [file] = await Promise.all([page.waitForEvent('download', { timeout: WAIT_MS }), at('export-go').click()]);
    assert.match(file.suggestedFilename(), /^outpace-export-\d+\.txt$/);
    assert.equal(await at('secret').innerText(), 'k3mt-9wxy-7abc-2def-5ghj');
    assert.deepEqual(last().content, { roster: 140121203206 });
    await shot(page, name('custody-once'));
    await at('once-close').click();
    await at('order').click();
    await at('order-reason').fill('保存期已满 / its days are over');
    await shot(page, name('custody-order'), true);
    await at('order-go').click();
    await at('retention-told').waitFor({ timeout: WAIT_MS });
    assert.deepEqual(last().parts, [{ class: 'identity', month: '2022-03' }, { class: 'movement', month: '2022-03' }]);
    const [attestation] = await Promise.all([page.waitForEvent('download', { timeout: WAIT_MS }), at('attestation').first().click()]);
    assert.equal(attestation.suggestedFilename(), 'outpace-attestation-1.json');
    await shot(page, name('custody-ordered'), true);
  });
  mock.desk.again();
  await context.close();
}
