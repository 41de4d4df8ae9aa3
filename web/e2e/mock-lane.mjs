/** The office's half of a lane without a network, small: a signed sheet, and records that are checked and told apart. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

const hex = (data) => Buffer.from(data).toString('hex');
const RECORD_KEY = '11'.repeat(32);

function row(person, born, bits, mark) {
  const bytes = Buffer.alloc(12);
  bytes.writeBigInt64BE(BigInt(person), 0);
  bytes.writeUInt8(born - 1870, 8);
  bytes.writeUInt8(bits, 9);
  bytes.writeUInt16BE(mark, 10);
  return hex(bytes);
}

/** People 1 to 30 born 1985, women; 1 was sampled, 2 is exempt, 30 is the man of 1953. */
function rows() {
  const people = Array.from({ length: 29 }, (_, index) => row(index + 1, 1985, 1 + (index === 0 ? 2 : 0) + (index === 1 ? 4 : 0), 0));
  return [...people, row(30, 1953, 0, 0)].join('');
}

/** Answers the routes of lanes; `received` fills with the records that came, signature checked. */
export function mockLane(fixture) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = hex(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const received = new Map();

  function sheet(asked) {
    const now = Date.now();
    const text = JSON.stringify({
      format: 'outpace-lane-sheet/1', sheet: 3, jurisdiction: 140121, round: asked.round, round_name: { zh: '河东第一轮核酸', en: 'East of the river, round 1' }, site: 1,
      site_name: { zh: '王答村采样点', en: 'Wangda village site' }, lane: asked.lane, lane_number: 2, lock: { people_max: 3, household: false, leave_within_minutes: 240 },
      guards: { areas: [], people: 30, rows: rows(), mark_key: '22'.repeat(32) }, keys: { record: RECORD_KEY, seal: fixture.seal }, issued_at: now, ends_at: now + 86_400_000,
    });
    return { sheet: text, signature: hex(sign(null, Buffer.from(text), privateKey)), key, signed_at: now };
  }

  function take(asked) {
    const records = asked.records.map(({ record, mac }, index) => {
      const fine = createHmac('sha256', Buffer.from(RECORD_KEY, 'hex')).update(record).digest('hex') === mac;
      const { device, counter, what } = JSON.parse(record);
      const known = received.has(counter);
      if (fine) received.set(counter, what);
      return { line: index + 1, device, counter, state: !fine ? 'quarantined' : known ? 'already_there' : 'merged' };
    });
    const done = [...received.values()].some((what) => what.kind === 'done');
    return { sheet: 3, records, devices: [], returned: done && received.size === Math.max(...received.keys()) };
  }

  return {
    received,
    /** The answer to a request, or `null` for a path that is none of a lane's. */
    answer(path, body) {
      if (path === '/api/screening/lanes/key') return { key };
      if (path === '/api/screening/lanes/sheet') return sheet(JSON.parse(body));
      if (path === '/api/screening/lanes/records') return take(JSON.parse(body));
      return null;
    },
  };
}
