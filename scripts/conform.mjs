/**
 * Signs somebody of every role in and lets schemathesis ask every route as whoever may: `scripts/conform` says why.
 *
 *     node scripts/conform.mjs BASE WORK [OPERATION...]    (WORK holds the environment with schemathesis; OPERATION narrows)
 */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

import { firstMoment } from '../web/e2e/server.mjs';

const [base, work, ...only] = process.argv.slice(2);
const password = process.env.OUTPACE_ADMIN_PASSWORD;
const EXAMPLES = Number(process.env.OUTPACE_CONFORM_EXAMPLES ?? 5);
const SEED = 20220413;
const COUNTY = 140121;
const STEP_MS = 30_000;
const CHECKS = [
  'not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_headers_conformance',
  'response_schema_conformance', 'ignored_auth', 'unsupported_method',
];
/** Streams without an end. */
const ENDLESS = ['/api/live'];
/** Who asks first for what several may; a head's permissions are the profile's. */
const ROLES = [
  'commander', 'tracer', 'site_manager', 'laboratory', 'hospital', 'facility_staff', 'driver', 'grid_worker', 'gatekeeper',
  'supplies', 'auditor', 'publisher', 'administrator',
];
/** What ends sign-ins or moves the clock: asked last, each part by somebody of its own. */
const LAST = ['own_access', 'access_manage', 'drill_control'];

const post = async (path, body, token) => {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${text}`);
  return text ? JSON.parse(text) : {};
};

/** What an authenticator app shows (RFC 6238). */
function codeOf(secret, ms) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(ms / STEP_MS)));
  const digest = createHmac('sha1', key).update(counter).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Signs in, and sets an authenticator up where the role asks for one. */
async function signIn(name, secretWord) {
  const signedIn = await post('/api/access/sign-in', { name, password: secretWord });
  if (signedIn.second_factor !== 'to_enrol') return signedIn.token;
  const { secret } = await post('/api/access/enrol', {}, signedIn.token);
  const { now } = await firstMoment(base);
  return (await post('/api/access/confirm-enrolment', { code: codeOf(secret, now) }, signedIn.token)).token;
}

let administrator;
let made = 0;
/** Somebody new of a role, over the county. */
async function somebody(role) {
  const name = `asks-${(made += 1)}-${role}`;
  const secretWord = `only for ${name}`;
  await post('/api/access/add-account', { name, password: secretWord, role, area: COUNTY }, administrator);
  return signIn(name, secretWord);
}

const failed = [];
/** Asks for some operations as somebody; without a token as nobody. */
async function ask(as, token, operations) {
  if (!operations.length) return;
  const begun = Date.now();
  const narrowed = operations.flatMap((operation) => ['--include-operation-id', operation]);
  const words = [
    'run', `${work}/openapi.json`, '--url', base, '--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing',
    '--max-examples', String(EXAMPLES), '--workers', '1', '--warnings', 'off', '--no-color', '--seed', String(SEED), '--no-shrink',
    '--generation-database', 'none', '--request-timeout', '20', '--continue-on-failure', ...narrowed,
  ];
  if (token) words.push('--header', `Authorization: Bearer ${token}`);
  const { status, stdout, stderr } = await new Promise((done) => {
    const options = { maxBuffer: 2 ** 28, cwd: work };
    execFile(`${work}/venv/bin/st`, words, options, (error, stdout, stderr) => done({ status: error ? 1 : 0, stdout, stderr: stderr + (error ?? '') }));
  });
  writeFileSync(`${work}/${as}.log`, stdout + stderr);
  const cases = /(\d[\d,]*) generated/.exec(stdout)?.[1] ?? '?';
  console.log(`${as}: ${operations.length} routes, ${cases} requests, ${((Date.now() - begun) / 1000).toFixed(0)} s${status ? ', FAILED' : ''}`);
  if (status) failed.push(as);
}

const text = await (await fetch(`${base}/openapi.json`)).text();
writeFileSync(`${work}/openapi.json`, text);
const routes = Object.entries(JSON.parse(text).paths)
  .filter(([path]) => !ENDLESS.includes(path))
  .flatMap(([, methods]) => Object.values(methods))
  .filter((operation) => !only.length || only.includes(operation.operationId));
administrator = await signIn('admin', password);
const worker = await somebody('grid_worker');
const { code } = await post('/api/residents/hand-out-code', { person: 7, way: 'door' }, worker);

await ask('nobody', null, routes.map((route) => route.operationId));
const left = new Set(routes);
const take = (fits) => {
  const taken = [...left].filter(fits);
  taken.forEach((route) => left.delete(route));
  return taken.map((route) => route.operationId);
};
take((route) => route['x-permission'] === 'public');
const last = take((route) => LAST.includes(route['x-permission']));
const resident = (await post('/api/mine/sign-in', { code })).token;
await ask('resident', resident, take((route) => route['x-permission'] === 'own_file'));
for (const role of ROLES) {
  const own = take((route) => route['x-roles'].includes(role));
  if (own.length) await ask(role, await somebody(role), own);
}
// Everybody is there before the first of them asks: one of the operations may end the sign-in of whoever sets accounts up.
const enders = [];
for (const operation of last) enders.push([`administrator-${operation}`, await somebody('administrator'), [operation]]);
for (const ender of enders) await ask(...ender);
if (left.size) failed.push(`nobody may ask for ${[...left].map((route) => route.operationId)}`);
for (const as of failed) {
  console.log(`-- ${as}`);
  try {
    const lines = readFileSync(`${work}/${as}.log`, 'utf8').split('\n');
    console.log(lines.slice(-250).join('\n'));
  } catch {
    // It has no log of its own: it was told by its name.
  }
}
process.exit(failed.length ? 1 : 0);
