/**
 * The pages for work in Chromium, against a real server on a small county that is made for the test.
 *
 *     npm run e2e:office -- BINARY [--shots FOLDER] [--only WORD]
 *
 * Exits 0 when all holds, 1 when something does not, 77 where there is no Chromium (skipped, said aloud).
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { dropChecks, secondFactorChecks, signInChecks } from './access-checks.mjs';
import { approvalChecks } from './approval-checks.mjs';
import { browserPath, openBrowser } from './browser.mjs';
import { accountChecks, answerChecks } from './desk-checks.mjs';
import { laneChecks } from './lane-checks.mjs';
import { Office } from './office.mjs';
import { offlineChecks } from './offline-checks.mjs';
import { gateChecks, mineChecks } from './people-checks.mjs';
import { roleChecks } from './role-checks.mjs';

const SKIPPED = 77;
const words = process.argv.slice(2);
const after = (word) => (words.includes(word) ? words[words.indexOf(word) + 1] : null);
const shotsAt = after('--shots') && resolve(after('--shots'));
const only = after('--only');

const executable = browserPath();
if (!executable) {
  console.log('e2e: skipped, no Chromium found (set CHROMIUM to its path)');
  process.exit(SKIPPED);
}
const browser = openBrowser(executable);
let failed = 0;

async function check(sentence, run) {
  const began = Date.now();
  try {
    await run();
    console.log(`✓ ${sentence} (${Date.now() - began} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`✗ ${sentence}\n  ${String(error?.stack ?? error).split('\n').slice(0, 12).join('\n  ')}`);
  }
}

async function shot(page, name, fullPage = false) {
  if (!shotsAt) return;
  mkdirSync(shotsAt, { recursive: true });
  await page.screenshot({ path: join(shotsAt, `${name}.png`), fullPage });
}

const LOCALES = { zh: 'zh-CN', en: 'en' };
const phone = (language) => browser.reader({ locale: LOCALES[language], width: 390, height: 844, phone: true });
const desk = (language) => browser.reader({ locale: LOCALES[language], width: 1280, height: 860 });
const office = await Office.open(words[0]);
try {
  console.log(`e2e: ${office.url} in ${executable}`);
  await office.furnish();
  /** What is tried, in this order; `--only WORD` tries the parts whose name holds the word. */
  const parts = {
    'offline-zh': () => offlineChecks(check, office, executable, shot, 'zh', 5),
    'offline-en': () => offlineChecks(check, office, executable, shot, 'en', 6),
    'lane-zh': async () => laneChecks(check, await phone('zh'), office, shot, 'zh', 1),
    'lane-en': async () => laneChecks(check, await phone('en'), office, shot, 'en', 2),
    'sign-in-zh': async () => signInChecks(check, await desk('zh'), office, shot, 'zh'),
    'sign-in-en': async () => signInChecks(check, await desk('en'), office, shot, 'en'),
    'factor-zh': async () => secondFactorChecks(check, await desk('zh'), office, shot, 'zh'),
    'factor-en': async () => secondFactorChecks(check, await desk('en'), office, shot, 'en'),
    'drop-zh': async () => dropChecks(check, await desk('zh'), office, 'zh'),
    'accounts-zh': async () => accountChecks(check, await desk('zh'), office, shot, 'zh'),
    'accounts-en': async () => accountChecks(check, await desk('en'), office, shot, 'en'),
    // From here on there is an outbreak: what a part brings about, the next ones see.
    'outbreak-gate-zh': async () => gateChecks(check, await phone('zh'), office, shot, 'zh', { turned: 5, turn: () => office.outbreak() }),
    'outbreak-gate-en': async () => gateChecks(check, await phone('en'), office, shot, 'en', { turned: 10, turn: () => office.confirm(10) }),
    'outbreak-approval': async () => approvalChecks(check, await desk('en'), office, shot),
    'outbreak-mine-zh': async () => mineChecks(check, await phone('zh'), office, shot, 'zh', 1),
    'outbreak-mine-en': async () => mineChecks(check, await phone('en'), office, shot, 'en', 9),
    'outbreak-answers-zh': async () => answerChecks(check, await desk('zh'), office, shot, 'zh', 1),
    'outbreak-answers-en': async () => answerChecks(check, await desk('en'), office, shot, 'en', 9),
    'roles-zh': () => roleChecks(check, () => desk('zh'), office, shot, 'zh'),
    'roles-en': () => roleChecks(check, () => desk('en'), office, shot, 'en'),
  };
  for (const [name, run] of Object.entries(parts)) if (only === null || name.includes(only)) await run();
} catch (error) {
  failed += 1;
  console.log(`✗ ${String(error?.stack ?? error)}`);
} finally {
  await browser.close();
  await office.close({ keep: failed > 0 });
}
console.log(failed === 0 ? 'e2e: all holds' : `e2e: ${failed} failed; the server's log is in ${office.folder}`);
process.exit(failed === 0 ? 0 : 1);
