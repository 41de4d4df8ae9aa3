/**
 * A tiny stand-in for the server: serves dist and lets the sample moment run. For developing the page and for the
 * parts of the end-to-end test that the real server cannot be asked to do, such as dropping the line.
 * `node e2e/mock.mjs [PORT] [--locked]`; with --locked it wants a sign-in (any name, password "sample password"; `deputy-1` is
 * asked for a code and `admin` has to set an authenticator up; the code is always 123456).
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';

import { mockDesk } from './mock-desk.mjs';
import { mockLane } from './mock-lane.mjs';
import { mockPeople } from './mock-people.mjs';

const PASSWORD = 'sample password';
const CODE = '123456';
const COOKIE = 'outpace-local';
/** What everybody asks about their own sign-in; the rest is the administrator's. */
const OWN = new Set(['sign-out', 'sign-out-everywhere', 'renew', 'confirm-enrolment', 'change-password'].map((verb) => `/api/access/${verb}`));
const sum = (measures, people, person_days) => ({ measures, people, person_days });
const EXTRA = {
  total: sum(3, 412, 5_120),
  areas: [{ area: 140121203, name: { zh: '王答乡', en: 'Wangda Township' }, not_asked: sum(1, 327, 4_578), stricter: sum(0, 0, 0), kept_after: sum(2, 85, 542) }],
};
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
/** Looks like a QR code from afar, and is none. */
const SAMPLE_PATH = Array.from({ length: 21 * 21 }, (_, at) => [at % 21, Math.trunc(at / 21)]).filter(([x, y]) => (x * 7 + y * 11 + x * y) % 3 === 0).map(([x, y]) => `M${x} ${y}h1v1h-1z`).join('');
/** As the server would: nothing from anywhere else. */
const POLICY = "default-src 'self'; script-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const file = (path) => readFile(new URL(path, import.meta.url));
const json = async (path) => JSON.parse(await file(path));

/** The sample moment some minutes later: enough moves to see that the page lives. */
export function later(live, minutes) {
  const now = live.now + minutes * 60_000;
  const clock = new Date(now + live.offset_minutes * 60_000).toISOString().slice(0, 16).replace('T', ' ');
  const sampled = Math.min(live.rounds[0].sampled + 331 * minutes, 119_246);
  const more = sampled - live.rounds[0].sampled;
  const rounds = live.rounds.map((round, index) => (index === 0 ? { ...round, sampled, missing: round.missing - more } : round));
  const verbs = live.verbs.map((step) => (step.verb === 'sample' ? { ...step, done: step.done + more, waiting: step.waiting - more } : step));
  const late = live.orders.late.map((order) => ({ ...order, overdue_minutes: Math.trunc((now - order.deadline_at) / 60_000) }));
  const overdue = late.filter((order) => order.overdue_minutes > 0).length;
  return { ...live, now, clock, rounds, verbs, orders: { ...live.orders, overdue, late }, head: { ...live.head, seq: live.head.seq + 40 * minutes } };
}

const waitingPrice = ({ people, days }) => ({
  affected: { locked: people, controlled: 0, precaution: 0, facility: 0, home: 0, held: 0 },
  person_days: days,
  person_days_on_judgement: 0,
  beds: 0,
});

/** The lines of the sample plan that wait, as the officer's own route answers them. */
function waitingLines(live) {
  return live.plan.lines.filter(({ state }) => state === 'waiting' || state === 'blocked').map((line, index) => ({
    line: { key: `line-${index + 1}`, action: line.action, title: line.what, price: waitingPrice({ people: line.people, days: line.people * 14 }), missing_carers: [] },
    said_yes: [],
    follows: false,
    mine: index < 2,
    why_not: index < 2 ? null : { zh: '您的角色不能批准此行', en: 'your role may not answer this line' },
  }));
}

/** Starts it; answers the address and the handles that tests turn. */
export async function startMock({ port = 0, locked = false } = {}) {
  const live = await json('../fixtures/live.json');
  const report = await json('../fixtures/report.json');
  const areas = await json('../../drills/qingxu-2022/areas.geojson');
  const briefing = await json('../fixtures/briefing.json');
  const lane = mockLane(await json('../fixtures/lane.json'));
  const people = mockPeople();
  const desk = mockDesk();
  const streams = new Set();
  const waiting = { plan: live.plan.id, lines: waitingLines(live), price: waitingPrice({ people: 0, days: 0 }) };
  let minutes = 0;
  let down = false;
  const answers = [];

  const send = (stream) => stream.write(`event: live\ndata: ${JSON.stringify(later(live, minutes))}\n\n`);
  const timer = setInterval(() => {
    minutes += 1;
    for (const stream of streams) send(stream);
  }, 1_000);

  const answerJson = (answer, status, body, headers = {}) => {
    answer.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    answer.end(JSON.stringify(body));
  };

  /** Who is signed in, by cookie; a cookie that was given out once and ended is nobody's. */
  const sessions = new Map();
  const held = (request) => /(?:^|; )outpace-local=([^;]*)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const who = (request) => sessions.get(held(request)) ?? null;
  const notSignedIn = (answer) => answerJson(answer, 401, { code: 'not_signed_in', zh: '请先登录。', en: 'Sign in first.' });
  /** A POST of the page, as the real server tells it: JSON, from this very host. */
  const ours = (request) => request.headers['content-type'] === 'application/json' && new URL(request.headers.origin ?? 'http://nowhere').host === request.headers.host;

  /** A session in place of the one that the browser held; answers the header that sets it. */
  function keep(request, account) {
    sessions.delete(held(request));
    const cookie = `s${sessions.size}${Math.random()}`;
    sessions.set(cookie, account);
    return { 'Set-Cookie': `${COOKIE}=${cookie}; Path=/; HttpOnly; SameSite=Strict` };
  }

  function admit(answer, request, account) {
    const { id, role, second_factor } = account;
    const actor = { id, kind: 'account', role, area: live.jurisdiction.code };
    return answerJson(answer, 200, { expires_at: live.now + 43_200_000, actor, second_factor }, keep(request, account));
  }

  function own(answer, account) {
    const { id, role, name, second_factor } = account;
    const token = (token, kind, self, minutes) => ({ token, kind, issued_at: live.now - minutes * 60_000, last_seen: live.now - (self ? 0 : 60_000), expires_at: live.now + 43_200_000, this: self });
    return answerJson(answer, 200, { signed_in: { actor: { id, role, area: live.jurisdiction.code }, name, second_factor, expires_at: live.now + 43_200_000, idle_minutes: 60, tokens: [token('a1b2c3', 'page', true, 5), token('d4e5f6', 'program', false, 90)] } });
  }

  /** What everybody may ask about their own sign-in. */
  function access(url, request, answer) {
    const account = who(request);
    if (url.pathname === '/api/access/sign-in') return signIn(request, answer);
    if (url.pathname === '/api/access/own') return account === null ? answerJson(answer, 200, { signed_in: null }) : own(answer, account);
    if (account === null) return notSignedIn(answer);
    if (url.pathname === '/api/access/enrol') return answerJson(answer, 200, { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', address: 'otpauth://totp/sample', qr_size: 21, qr_path: SAMPLE_PATH });
    if (!OWN.has(url.pathname)) return answerDesk(url, request, answer);
    return read(request, (body) => {
      if (url.pathname === '/api/access/confirm-enrolment') {
        if (body.code !== CODE) return answerJson(answer, 401, { code: 'wrong_code', zh: '验证码不正确或已用过。', en: 'The code is not right or was used already.' });
        return admit(answer, request, { ...account, second_factor: 'given' });
      }
      if (url.pathname === '/api/access/change-password') {
        if (body.password !== PASSWORD) return answerJson(answer, 401, { code: 'wrong_password', zh: '当前密码不正确。', en: 'The present password is not right.' });
        return admit(answer, request, account);
      }
      if (url.pathname === '/api/access/renew') return admit(answer, request, account);
      sessions.delete(held(request));
      return answerJson(answer, 200, {}, { 'Set-Cookie': `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0` });
    });
  }

  function read(request, then) {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => then(JSON.parse(body)));
  }

  function api(url, request, answer) {
    if (request.method === 'POST' && !ours(request)) return answerJson(answer, 403, { code: 'other_site', zh: '不是本页的请求。', en: 'Not a request of this page.' });
    if (url.pathname.startsWith('/api/access/')) return access(url, request, answer);
    if (url.pathname.startsWith('/api/mine/') || url.pathname.startsWith('/api/status/')) return answerPeople(url, request, answer);
    if (locked && who(request) === null) return notSignedIn(answer);
    if (who(request)?.second_factor === 'to_enrol') return answerJson(answer, 403, { code: 'second_factor_required', zh: '请先登记验证器。', en: 'Set up an authenticator first.' });
    if (/^\/api\/(residents|custody)\/|^\/api\/registry\/areas$/.test(url.pathname)) return answerDesk(url, request, answer);
    if (url.pathname === '/api/response/extra-layers') return answerJson(answer, 200, EXTRA);
    if (url.pathname.startsWith('/api/screening/lanes/')) return answerLane(url, request, answer);
    if (url.pathname === '/api/live') {
      answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      answer.write(': alive\n\n');
      streams.add(answer);
      answer.on('close', () => streams.delete(answer));
      return send(answer);
    }
    if (url.pathname === '/api/registry/boundaries') {
      const level = url.searchParams.get('level');
      const features = areas.features
        .filter((feature) => feature.properties.level === level)
        .map((feature) => ({ ...feature, properties: { ...feature.properties, code: Number(feature.properties.code) } }));
      return answerJson(answer, 200, { type: 'FeatureCollection', features });
    }
    if (url.pathname === '/api/drill/report') return answerJson(answer, 200, report);
    if (url.pathname === '/api/command/briefing') return answerJson(answer, 200, briefing);
    if (url.pathname === '/api/response/plan') return answerJson(answer, 200, waiting);
    if (url.pathname === '/api/response/approve' || url.pathname === '/api/response/decline') return answerPlan(url, request, answer);
    return answerJson(answer, 404, { code: 'unknown_route', zh: '没有此地址。', en: 'No such address.' });
  }

  function answerDesk(url, request, answer) {
    if (who(request) === null) return notSignedIn(answer);
    const tell = (body) => {
      const told = desk.answer(url.pathname, url.searchParams, body);
      return told === null ? answerJson(answer, 404, { code: 'unknown_route', zh: '没有此地址。', en: 'No such address.' }) : answerJson(answer, told.status, told.body);
    };
    return request.method === 'GET' ? tell(null) : read(request, (body) => tell(JSON.stringify(body)));
  }

  function answerPeople(url, request, answer) {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const told = people.answer(url.pathname, url.searchParams, body, who(request)?.role ?? null);
      answerJson(answer, told.status, told.body, told.admit ? keep(request, told.admit) : {});
    });
  }

  function answerLane(url, request, answer) {
    if (url.pathname !== '/api/screening/lanes/key' && who(request) === null) return notSignedIn(answer);
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const told = lane.answer(url.pathname, body);
      return told === null ? answerJson(answer, 404, { code: 'unknown_route', zh: '没有此地址。', en: 'No such address.' }) : answerJson(answer, 200, told);
    });
  }

  /** As the server does: a line that grew worse since the plan that was seen is refused, and nothing counts. */
  function answerPlan(url, request, answer) {
    if (who(request) === null) return notSignedIn(answer);
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const asked = JSON.parse(body);
      if (asked.plan !== waiting.plan) {
        return answerJson(answer, 409, { code: 'line_grew_worse', zh: `该行在计划 ${waiting.plan} 中加重，须重新查看后批准。`, en: `This line grew worse in plan ${waiting.plan}; look at that one and answer again.` });
      }
      const declining = url.pathname.endsWith('decline');
      const keys = declining ? asked.lines : asked.lines.map(({ line }) => line);
      if (declining && !asked.reason) return answerJson(answer, 422, { code: 'words', zh: '须写明理由。', en: 'A reason is needed.' });
      waiting.lines = waiting.lines.filter(({ line }) => !keys.includes(line.key));
      answers.push(asked);
      return answerJson(answer, 200, { applied: declining ? [] : keys, waiting_for_second: [], declined: declining ? keys : [], carers_missing: [] });
    });
  }

  function signIn(request, answer) {
    read(request, ({ name, password, code, keep }) => {
      if (keep !== 'cookie') return answerJson(answer, 400, { code: 'malformed', zh: '本页须用 cookie。', en: 'The page holds a cookie.' });
      if (password !== PASSWORD) return answerJson(answer, 401, { code: 'wrong_sign_in', zh: '用户名或密码不正确。', en: 'The name or the password is not right.' });
      if (name === 'deputy-1' && code === null) return answerJson(answer, 401, { code: 'code_needed', zh: '请输入验证码。', en: 'Enter the code.' });
      if (name === 'deputy-1' && code !== CODE) return answerJson(answer, 401, { code: 'wrong_code', zh: '验证码不正确或已用过。', en: 'The code is not right or was used already.' });
      return admit(answer, request, { id: 7, name, role: 'commander', second_factor: name === 'admin' ? 'to_enrol' : 'given' });
    });
  }

  const server = createServer((request, answer) => {
    const url = new URL(request.url, 'http://mock');
    if (down) return request.socket.destroy();
    if (url.pathname.startsWith('/api/')) return api(url, request, answer);
    const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname);
    return file(`../dist${path}`).then(
      (content) => {
        answer.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY });
        answer.end(content);
      },
      () => answerJson(answer, 404, { code: 'unknown_route', zh: '没有此地址。', en: 'No such address.' }),
    );
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    password: PASSWORD,
    code: CODE,
    /** What a lane handed over. */
    lane,
    people,
    desk,
    /** What was answered to the plan so far, as the page sent it. */
    answers,
    /** The first line asks for more people from now on, in a plan of the next number. */
    worsen() {
      waiting.plan += 1;
      waiting.lines = waiting.lines.map((row, index) => (index === 0 ? { ...row, line: { ...row.line, price: waitingPrice({ people: 3_000, days: 42_000 }) } } : row));
      live.plan = { ...live.plan, id: waiting.plan, version: waiting.plan };
    },
    /** Cuts every line and refuses new ones, until told otherwise. */
    setDown(value) {
      down = value;
      if (value) for (const stream of streams) stream.destroy();
    },
    stop() {
      clearInterval(timer);
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 8088);
  const mock = await startMock({ port, locked: process.argv.includes('--locked') });
  console.log(`mock: ${mock.url}`);
}
