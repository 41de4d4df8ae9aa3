/** Somebody of every role that the server lets have an account opens the page: they stay signed in, and land where their work is or
 *  are told in words where it is. */
import assert from 'node:assert/strict';

const WAIT_MS = 60_000;
/** Longer than it took to be thrown out. */
const STAY_MS = 2_500;
const LANDED = ['clock', 'lane', 'gate', 'work'];

export async function roleChecks(check, reader, office, shot, language) {
  const { offer } = await office.as('admin', '/api/access/actors');
  assert.ok(offer.roles.length >= 17, `the server offers ${offer.roles}`);
  for (const [number, role] of offer.roles.entries()) {
    const name = `${role.replaceAll('_', '-')}-${language}${100 + number}`;
    await check(`${role} stays signed in at / and finds their work (${language})`, async () => {
      const context = await reader();
      const page = await context.newPage();
      const at = (id) => page.getByTestId(id);
      await office.account(name, role);
      await page.goto(office.url);
      await at('sign-in').locator('input').nth(0).fill(name);
      await at('sign-in').locator('input').nth(1).fill(office.password(name));
      await page.keyboard.press('Enter');
      if (offer.second_factor.includes(role)) {
        await at('enrol-secret').waitFor({ timeout: WAIT_MS });
        office.enrolled(name, (await at('enrol-secret').innerText()).replaceAll(' ', ''));
        await at('code').fill(office.code(name));
        await page.keyboard.press('Enter');
      }
      const landed = () => page.evaluate((ids) => ids.find((id) => document.querySelector(`[data-testid=${id}]`) !== null) ?? (document.querySelector('.setup') ? 'lane' : null), LANDED);
      await page.waitForFunction((ids) => document.querySelector(ids.map((id) => `[data-testid=${id}]`).join(',') + ',.setup'), LANDED, { timeout: WAIT_MS });
      await page.waitForTimeout(STAY_MS);
      const { signed_in: own } = await page.evaluate(async () => (await fetch('api/access/own')).json());
      assert.equal(own?.actor.role, role, 'they are still signed in');
      assert.equal(await page.getByTestId('sign-in').count(), 0);
      const where = await landed();
      assert.notEqual(where, null);
      // The live view for whom the server lets watch it, and for nobody else.
      assert.equal(where === 'clock', own.may.includes('command_read'), `${role} landed at ${where}`);
      if (where === 'work') {
        const text = await at('work').innerText();
        assert.ok((await at('work').locator('li').count()) > 0, `${role} is told nothing: ${text}`);
        if (language === 'zh') assert.doesNotMatch(text.replaceAll(name, ''), /[a-z]{3,}/i);
        else assert.doesNotMatch(text, /\p{Script=Han}/u);
        if (['tracer', 'grid_worker'].includes(role)) await shot(page, `work-${role}-${language}`);
      }
      await context.close();
    });
  }
}
