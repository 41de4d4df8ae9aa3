/** Two commanders answer the plan: bound to what was seen, with a reason for a no, a yes asked twice. */
import assert from 'node:assert/strict';

import { soon } from './office.mjs';

const WAIT_MS = 60_000;

export async function approvalChecks(check, context, office, shot) {
  const page = await context.newPage();
  const at = (id) => page.getByTestId(id);
  await office.token('commander-1');
  const plan = () => office.as('commander-1', '/api/response/plan?full=true');
  await page.goto(office.url);
  await check('a commander signs in and sees the lines that wait for them', async () => {
    await at('sign-in').locator('input').nth(0).fill('commander-1');
    await at('sign-in').locator('input').nth(1).fill(office.password('commander-1'));
    await page.keyboard.press('Enter');
    await at('code').fill(office.code('commander-1'));
    await page.keyboard.press('Enter');
    await at('approve').waitFor({ timeout: WAIT_MS });
    await at('approval').scrollIntoViewIfNeeded();
    await shot(page, 'approval-en');
  });
  await check('a line is declined with a reason and never without one', async () => {
    // The lockdown of the village: two lines for one family are right, and a village for them is not.
    const line = page.locator('[data-line*=lockdown]').first();
    await line.getByRole('button', { name: 'Decline…' }).click();
    assert.equal(await page.getByRole('button', { name: 'Decline this line' }).isDisabled(), true);
    await page.getByLabel('Reason for declining (needed)').fill('Two compounds would do');
    await page.getByRole('button', { name: 'Decline this line' }).click();
    await page.getByText('Declined: 1.').waitFor({ timeout: WAIT_MS });
  });
  await check('a yes is asked twice, and what two commanders agreed to is in force', async () => {
    await at('approve').click();
    await at('approve-now').click();
    await at('answered').waitFor({ timeout: WAIT_MS });
    await office.approve('commander-2');
    await soon(async () => {
      const shown = await office.as('auditor-1', '/api/isolation/person?person=1');
      assert.match(JSON.stringify(shown), /quarantine/, JSON.stringify(await plan()).slice(0, 400));
    }, WAIT_MS);
  });
  await context.close();
}
