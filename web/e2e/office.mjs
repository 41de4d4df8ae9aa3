/** A real server with a small county in it, made through the command line and the interface as an office makes its own: what the
 *  browser is shown is what the server says. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { codeOf, stepOf } from './authenticator.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const START_MS = 60_000;
export const COUNTY = 140121;
export const VILLAGE = 140121203206;
export const GRID = 140121203206001;
const ADMIN = 'a password for one test';
const HOUR = 3_600_000;

/** A port that nobody listens on at this moment. */
function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

const password = (name) => `only for ${name}`;

export class Office {
  /** Secrets of authenticators and the last step used, by name. */
  #apps = new Map();
  #tokens = new Map();
  #child = null;

  constructor(binary, folder, port) {
    this.binary = binary;
    this.folder = folder;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** A county that is set up, with a round that is open. */
  static async open(binary) {
    const folder = mkdtempSync(join(tmpdir(), 'outpace-office-'));
    const office = new Office(resolve(binary), folder, await freePort());
    for (const file of ['areas.csv', 'areas.geojson']) {
      execFileSync(office.binary, ['import', 'areas', join(ROOT, 'drills/qingxu-2022', file), '--data', office.data], { cwd: ROOT, stdio: 'pipe' });
    }
    await office.start();
    return office;
  }

  get data() {
    return join(this.folder, 'data');
  }

  async start() {
    if (this.#child !== null && this.#child.exitCode === null) return;
    const log = openSync(join(this.folder, 'server.log'), 'a');
    const env = { ...process.env, OUTPACE_ADMIN_PASSWORD: ADMIN };
    this.#child = spawn(this.binary, ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`], { cwd: ROOT, env, stdio: ['ignore', log, log] });
    const until = Date.now() + START_MS;
    for (;;) {
      if (await fetch(`${this.url}/healthz`).then((answer) => answer.ok, () => false)) return;
      if (this.#child.exitCode !== null || Date.now() > until) throw new Error(`the server did not start: see ${this.folder}/server.log`);
      await new Promise((again) => setTimeout(again, 100));
    }
  }

  /** Ends the server as its service manager would; the data stay. */
  async stop() {
    const child = this.#child;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
    this.#child = null;
  }

  async close({ keep = false } = {}) {
    await this.stop();
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }

  async call(path, { body, token } = {}) {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(this.url + path, { method: body ? 'POST' : 'GET', headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  /** Asks or does something as an account, which is made where there is none: `role-number`, over the county. */
  async as(name, path, body) {
    return this.call(path, { body, token: await this.token(name) });
  }

  async token(name) {
    if (!this.#tokens.has(name)) {
      if (name !== 'admin') await this.account(name);
      this.#tokens.set(name, await this.#signIn(name));
    }
    return this.#tokens.get(name);
  }

  /** An account whose role its name begins with; answers its password. */
  async account(name, role = name.replace(/-\d+$/, '').replaceAll('-', '_')) {
    await this.as('admin', '/api/access/add-account', { name, password: password(name), role, area: COUNTY, ...(role === 'task_force_head' && { task_force: 'testing' }) });
    return password(name);
  }

  password = (name) => (name === 'admin' ? ADMIN : password(name));

  async #signIn(name) {
    const code = this.#apps.has(name) ? this.code(name) : null;
    const signedIn = await this.call('/api/access/sign-in', { body: { name, password: this.password(name), code } });
    if (signedIn.second_factor !== 'to_enrol') return signedIn.token;
    const { secret } = await this.call('/api/access/enrol', { body: {}, token: signedIn.token });
    this.enrolled(name, secret);
    return (await this.call('/api/access/confirm-enrolment', { body: { code: this.code(name) }, token: signedIn.token })).token;
  }

  /** Keeps the secret of an authenticator that was set up on the page. */
  enrolled(name, secret) {
    this.#apps.set(name, { secret, step: 0 });
  }

  /** The next code that the server takes: each counts once, and one step ahead is as good. */
  code(name) {
    const app = this.#apps.get(name);
    app.step = Math.max(app.step + 1, stepOf() - 1);
    return codeOf(app.secret, app.step);
  }

  /** Places, families, beds, a site with lanes, a laboratory and a round that is open. */
  async furnish() {
    const admin = (path, body) => this.as('admin', path, body);
    await admin('/api/registry/import-areas', { source: 'e2e', areas: [{ id: GRID, parent: VILLAGE, level: 'grid', name: '一网格', name_en: 'grid 1', lon: 112.36, lat: 37.6, seat_approximate: true, residents: 12 }] });
    const place = (reference, name, name_en) => ({ reference, class: 'office', name, name_en, area: GRID, staff: 3 });
    const places = await admin('/api/registry/import-places', { source: 'e2e', places: [place(1, '便利店', 'shop'), place(2, '文具厂', 'stationery works')] });
    const households = Array.from({ length: 4 }, (_, reference) => ({ reference, area: GRID, kind: 'family' }));
    await admin('/api/registry/import-households', { source: 'e2e', households });
    const people = Array.from({ length: 12 }, (_, number) => ({
      reference: number, household: number % 4, born: number === 8 ? '2018-03-01' : '1985-03-01', sex: number % 2 ? 'male' : 'female', tags: [], workplace: 2,
      name: `试验${'甲乙丙丁戊己庚辛壬癸子丑'[number]}`, id_number: `E7654${String(number).padStart(4, '0')}`, phone: `1390000${String(number).padStart(4, '0')}`, absent: false,
    }));
    await admin('/api/registry/import-people', { source: 'e2e', by_reference: true, people });
    const facility = (code, kind, name, name_en) => ({ code, kind, name, name_en, area: GRID, rooms: 30, beds_per_room: 1, ready: true });
    await admin('/api/isolation/import-facilities', { facilities: [facility('site', 'quarantine_site', '隔离点', 'quarantine site'), facility('hospital', 'hospital', '医院', 'hospital')] });
    await admin('/api/screening/sites/import', { sites: [{ key: 'one', name: { zh: '广场采样点', en: 'site on the square' }, area: GRID, lanes: 6, samplers: 1, open: true }] });
    await admin('/api/screening/laboratories/set', { spec: { key: 'lab', name: { zh: '县疾控', en: 'county CDC' }, area: GRID, tubes_per_hour: 500, turnaround_minutes: 120, leg_minutes: 60 } });
    const planned = await admin('/api/screening/rounds/plan', { key: 'r1', name: { zh: '首轮', en: 'first round' }, method: 'pcr', areas: [VILLAGE] });
    await admin('/api/screening/rounds/open', { round: planned.round, acknowledged_last_result_at: planned.forecast.last_result_at });
    await admin('/api/screening/exempt', { people: [11], reason: 'medical' });
    this.round = planned.round;
    this.place = places.ids?.[0] ?? places.places?.[0] ?? 1;
  }

  /** Somebody says yes to everything that waits and that they may answer. */
  async approve(name) {
    const { plan } = await this.as(name, '/api/response/plan');
    return this.as(name, '/api/response/approve', { plan, lines: [] });
  }

  /** One more confirmed case. */
  confirm = (person) => this.as('tracer-1', '/api/contacts/open-case', { person, stage: 'confirmed', found_how: 'active_screening' });

  /** A confirmed case in the first family and what follows: holds, a plan that waits for a commander. */
  async outbreak() {
    const now = Date.now();
    const opened = await this.as('tracer-1', '/api/contacts/open-case', { person: 5, stage: 'confirmed', found_how: 'active_screening' });
    const exposure = { person: 7, setting: 'household', from: now - 30 * HOUR, to: now - 20 * HOUR, evidence: 'interview' };
    await this.as('tracer-1', '/api/contacts/record-contacts', { case: opened.case ?? 1, found_how: 'active_screening', exposures: [exposure] });
    await this.as('tracer-1', '/api/response/assess', { scope: { areas: [VILLAGE] }, finding: { zone: { level: 'lockdown' } }, expires_at: now + 20 * 24 * HOUR, reason: { zh: '扩散', en: 'spread' } });
  }
}

/** Tries again until it holds. */
export async function soon(run, ms = 30_000) {
  const until = Date.now() + ms;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((again) => setTimeout(again, 250));
    }
  }
}
