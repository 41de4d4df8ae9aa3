/** The office's half of the pages for everybody, small: a file, a gate's list with real signatures, a place's codes. */
import { generateKeyPairSync, sign } from 'node:crypto';

const MINUTE = 60_000;
const CODE = '7K2M9QXA3B';
const RESIDENT = { id: 70, name: 'resident-1', role: 'resident', second_factor: 'not_needed' };
const hex = (data) => Buffer.from(data).toString('hex');

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { secret: privateKey, open: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
}

/** A status code as the server makes it. */
function passText(key, { alias, colour, minutesAgo = 0 }) {
  const [body, now] = [Buffer.alloc(24), Math.floor(Date.now() / MINUTE)];
  body.writeUInt8(1, 0);
  key.open.copy(body, 1, 0, 4);
  Buffer.from(alias, 'hex').copy(body, 5);
  body.writeUInt8(colour, 13);
  body.writeUInt32BE(now - 600, 14);
  body.writeUInt32BE(now - minutesAgo, 18);
  body.writeUInt16BE(240, 22);
  return `OPS1.${Buffer.concat([body, sign(null, Buffer.concat([Buffer.from('outpace status pass 1'), body]), key.secret)]).toString('base64url')}`;
}

const both = (zh, en) => ({ zh, en });

/** The file of somebody in quarantine at home, and of their child, who is free. */
function fileOf(person, appeals) {
  const now = Date.now();
  const own = person === 7;
  const requests = appeals.map((words, index) => ({ id: index + 1, kind: 'appeal', words, asked_at: now, due_at: now + 48 * 60 * MINUTE, answered_at: null, outcome: null, reason: null })).reverse();
  const measure = {
    restriction: 31, name: both('居家隔离', 'quarantine at home'), reason: both('与确诊病例同住', 'lives with a confirmed case'), clause: '第八版防控方案 附件5 / 8th ed., annex 5',
    facts: [{ seq: 1204, what: both('发现病例', 'a case was found'), at: now - 26 * 60 * MINUTE }], starts_at: now - 24 * 60 * MINUTE, ends_at: now + 13 * 24 * 60 * MINUTE, in_force: true,
    lifted_by: both('到期自动解除；所依据的事实被撤销或申诉成立时立即解除。', 'It ends by itself at its time. If what it rests on is taken back, or an appeal is right, it is lifted at once.'),
    ended: null, appeal_waits: appeals.length > 0, imposed_by_others: false,
  };
  return {
    at: now, offset_minutes: 480, people: [{ person: 7, name: '试验甲', own: true }, { person: 8, name: '试验乙', own: false }], person: { id: person },
    identity: { name: own ? '试验甲' : '试验乙', born: '1985-03-01', id_number: 'TEST000001' }, colour: own ? 'red' : 'green',
    reasons: own ? [{ colour: 'red', name: both('密切接触者', 'close contact'), clause: measure.clause, since: measure.starts_at, until: measure.ends_at, lifted_by: measure.lifted_by }] : [],
    last_sample_at: now - 300 * MINUTE, last_negative_at: now - 1500 * MINUTE, retest: null, measures: own ? [measure] : [],
    who_to_call: [{ post: both('网格员', 'grid worker'), who: both('王答村三网格', 'Wangda village, grid 3') }], requests: own ? requests : [],
    looks: own ? [{ seq: 1300, account: 'tracer-2', at: now - 20 * 60 * MINUTE, purpose: '上门核实住址 / checking the address at the door' }] : [],
    glass: own ? [{ glass: 4, account: 'hospital-1', role: 'hospital', at: now - 30 * 60 * MINUTE, until: now - 29 * 60 * MINUTE, reason: '夜间急诊核对密接 / matching a contact in the emergency room', uses: 2, about_me: false }] : [],
    exports: [],
    entries: [{ seq: 1400, at: now - MINUTE, used_at: now }], samples: [{ tube: 'QX-0001', taken_at: now - 300 * MINUTE, outcome: null }, { tube: 'QX-0000', taken_at: now - 1500 * MINUTE, outcome: 'negative' }],
    visits: [{ name: both('便利店', 'shop'), from: now - 2000 * MINUTE, to: now - 1940 * MINUTE, known_by: both('扫码登记', 'a check-in'), signal: null }],
    cases: [], contacts: [], orders: [], notices: [], letters: [], certificates: [],
  };
}

/** Answers the routes of residents, gates and places. */
export function mockPeople() {
  const [office, status] = [keyPair(), keyPair()];
  const appeals = [];
  const revoked = 'a1a2a3a4a5a6a7a8';
  const missing = { status: 404, body: { code: 'unknown_route', zh: '没有此地址。', en: 'No such address.' } };

  function mine(path, query, body, signedIn) {
    if (path === '/api/mine/sign-in') {
      const typed = JSON.parse(body).code.replace(/[^A-Za-z0-9]/g, '').toUpperCase();
      if (typed !== CODE) return { status: 401, body: { code: 'wrong_code', zh: '登录码不正确、已用过或已过期；请索取新码。', en: 'This code is not right, was used, or is over; ask for a new one.' } };
      return { status: 200, body: { person: 7, expires_at: Date.now() + 60 * MINUTE }, admit: RESIDENT };
    }
    if (!signedIn) return { status: 401, body: { code: 'not_signed_in', zh: '请先登录。', en: 'Sign in first.' } };
    if (path === '/api/mine/file') return { status: 200, body: fileOf(Number(query.get('person') ?? 7), appeals) };
    if (path === '/api/mine/pass') return { status: 200, body: { text: passText(status, { alias: '0102030405060708', colour: 2 }), colour: 'red', ends_at: Date.now() + 240 * MINUTE } };
    if (path === '/api/mine/check-in') return { status: 200, body: { place: 17, counts: JSON.parse(body).code.startsWith('OP1-17-S-') } };
    if (path === '/api/mine/appeal') {
      appeals.push(JSON.parse(body).words);
      return { status: 200, body: { id: appeals.length, due_at: Date.now() + 48 * 60 * MINUTE } };
    }
    return missing;
  }

  function gate(path, query) {
    if (path === '/api/status/gate-keys') return { status: 200, body: { list: hex(office.open), status: [] } };
    if (path === '/api/status/gate-list') {
      const now = Date.now();
      const key = { key: hex(status.open), from: now - 86_400_000, until: now + 86_400_000 };
      const list = JSON.stringify({ format: 'outpace-gate-list/1', jurisdiction: 140121, at: now, keys: [key], revoked });
      return { status: 200, body: { list, signature: hex(sign(null, Buffer.from(list), office.secret)), key: hex(office.open) } };
    }
    if (path === '/api/status/place-code') {
      const [now, seconds] = [Date.now(), 2];
      const step = Math.floor(now / (seconds * 1_000));
      const codes = Array.from({ length: 6 }, (_, index) => ({ from: (step + index) * seconds * 1_000, text: `OP1-${query.get('place')}-S-${String(step + index).padStart(8, '0').slice(-8)}` }));
      return { status: 200, body: { place: Number(query.get('place')), name: both('王答村便利店', 'Wangda village shop'), seconds, now, codes } };
    }
    return missing;
  }

  return {
    code: CODE,
    appeals,
    green: (minutesAgo = 0) => passText(status, { alias: '0102030405060708', colour: 0, minutesAgo }),
    revoked: () => passText(status, { alias: revoked, colour: 0 }),
    /** The answer to a request of a role, or `null` for a path that is none of these; whom it signs in, where it does. */
    answer(path, query, body, role) {
      if (path.startsWith('/api/mine/')) return mine(path, query, body, role === 'resident');
      if (path.startsWith('/api/status/')) return gate(path, query);
      return null;
    },
  };
}
