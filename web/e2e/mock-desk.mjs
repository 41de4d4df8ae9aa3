/** The office's half of the pages for work at a desk, small: what waits for an answer, accounts, what leaves and what ends. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const OFFSET = 480;
const both = (zh, en) => ({ zh, en });
const refusal = (status, code, zh, en) => ({ status, body: { code, zh, en } });
const AREAS = [
  [140121, 'county', '清徐县', 'Qingxu County'], [140121203, 'township', '王答乡', 'Wangda Township'],
  [140121203206, 'village', '王答村', 'Wangda Village'], [140121202202, 'village', '试验村', 'Trial Village'],
].map(([id, level, name, name_en]) => ({ id, level, name, name_en }));

function requests(now) {
  const measure = (name, reason, more) => ({
    restriction: 31, name, reason, clause: '新型冠状病毒肺炎防控方案(第八版)附件5 / 8th edition, annex 5', facts: [{ seq: 1204, what: both('发现病例', 'a case was found'), at: now - 26 * HOUR }],
    starts_at: now - DAY, ends_at: now + 13 * DAY, in_force: true, lifted_by: both('到期自动解除', 'It ends by itself'), ended: null, ...more,
  });
  const row = (id, kind, more, waiting) => ({
    request: { id, kind, person: 700 + id, about: null, words: null, asked_by: 'own', asked_at: now - 20 * HOUR, due_at: now + 28 * HOUR, outcome: null, ...more },
    area: both('王答乡王答村', 'Wangda Village, Wangda Township'), measure: null, decided_by: [], refused: null, needs_fact: true, grounds: [], ...waiting,
  });
  const home = measure(both('居家隔离', 'quarantine at home'), both('流调登记为密切接触者', 'recorded as a close contact'), {});
  const isolated = measure(both('住院隔离治疗', 'isolation in hospital'), both('核酸检测阳性', 'a positive test'), { restriction: 32 });
  const took = both('申诉须由未参与该措施决定、也不受决定人领导的人答复；请转交督导组、审计员或另一位总指挥。', 'Whoever answers took no part in the decision and is not under who did; pass it to an auditor or another commander.');
  return {
    appeal: [
      row(3, 'appeal', { words: '我那一周在外地出差，有车票和住宿记录，没有到过那个地方。', due_at: now + 2 * HOUR }, { measure: home, decided_by: ['commander-1', 'commander-2'], needs_fact: false }),
      row(4, 'appeal', { words: '', asked_by: 'guardian' }, { measure: isolated, decided_by: [], grounds: [{ seq: 5120, what: both('撤销检测结果', 'a test result was taken back'), at: now - HOUR }] }),
      row(2, 'appeal', { words: '请再查一次。', due_at: now - 3 * HOUR }, { measure: home, decided_by: ['deputy-1'], refused: took, needs_fact: false }),
    ],
    correction: [row(5, 'correction', { about: 'residence', words: '我上月已搬到隔壁村，和女儿同住。', asked_by: 'paper' }, {})],
  };
}

function actors(now) {
  const one = (id, name, role, { actor = {}, ...more } = {}) => ({
    actor: { id, kind: 'account', role, area: 140121, task_force: null, person: null, ...actor }, name, post: null, disabled: false, second_factor: true, locked_until: null,
    last_seen: now - 5 * MINUTE, token_until: now + 10 * HOUR, ...more,
  });
  return [
    one(7, 'deputy-1', 'administrator'), one(8, 'commander-1', 'commander'), one(9, 'head-screening', 'task_force_head', { actor: { task_force: 'screening' } }),
    one(10, 'tracer-2', 'tracer', { second_factor: false, locked_until: now + 12 * MINUTE, last_seen: null, token_until: null }),
    one(11, 'grid-140121203206', 'grid_worker', { second_factor: false, actor: { area: 140121203206 } }), one(12, 'tracer-1', 'tracer', { disabled: true, token_until: null, last_seen: null }),
    one(20, 'lane 140121203-2', 'sampler', { actor: { kind: 'device', area: 140121203 }, second_factor: false, post: { kind: 'lane', id: 2 } }),
  ];
}

function custody(now) {
  const part = (name, month) => ({ class: name, month });
  const row = (name, zh, month, days, entries, values, due) => ({ part: part(name, month), class_zh: zh, days, clause: '个人信息保护法 第19条 / PIPL, art. 19', entries, values, due_at: due, is_due: due !== null && due <= now });
  return {
    exports: [
      { export: { export: 2, content: { doors: { round: 1, area: 140121203206 } }, purpose: '第一轮上门补采', people: 37, made_by: 7, made_at: now - 2 * HOUR, until: now + 22 * HOUR, fetched: 1, ended_at: null }, account: 'deputy-1', area: both('王答村', 'Wangda Village') },
      { export: { export: 1, content: { letter: 12 }, purpose: '协查反馈', people: 3, made_by: 10, made_at: now - 3 * DAY, until: now - 2 * DAY, fetched: 0, ended_at: now - 2 * DAY }, account: 'tracer-2', area: null },
    ],
    due: [
      row('identity', '身份信息', '2022-03', 30, 412, 1207, now - DAY), row('movement', '行程与轨迹', '2022-03', 30, 5120, 0, now - DAY),
      row('sample', '采样与结果', '2022-03', 180, 9830, 0, now + 150 * DAY), row('audit', '访问审计', '2022-04', 1095, 88, 0, null),
    ],
    orders: [
      { order: { order: 1, parts: [part('identity', '2022-02')], reason: '保存期已满', ordered_by: 8, ordered_at: now - 9 * DAY, carried_out_at: now - 8 * DAY }, account: 'commander-1', carried_out_by: 'admin' },
    ],
  };
}

/** Answers the routes of the desks for a signed-in account. */
export function mockDesk() {
  let [waiting, people, kept] = [null, null, null];
  const heard = [];
  function again() {
    const begun = Date.now();
    [waiting, people, kept] = [requests(begun), actors(begun), custody(begun)];
    heard.length = 0;
  }
  again();
  const ok = (body) => ({ status: 200, body });
  const find = (id) => people.find(({ actor }) => actor.id === id);

  function answer(asked, kind) {
    const at = waiting[kind].findIndex(({ request }) => request.id === asked.request);
    const found = waiting[kind][at];
    const yes = ['lifted', 'corrected'].includes(asked.outcome);
    if (yes && found.needs_fact && asked.fact === null) return refusal(422, 'no_fact', '同意须有更正的事实。', 'A yes rests on a fact.');
    waiting[kind].splice(at, 1);
    return ok({ ...found.request, outcome: asked.outcome });
  }

  function access(path, body) {
    const whom = find(body?.actor);
    if (path === 'actors') {
      const offer = { roles: ['administrator', 'commander', 'deputy', 'task_force_head', 'tracer', 'sampler', 'grid_worker', 'auditor'], second_factor: ['administrator', 'commander', 'deputy', 'task_force_head', 'auditor'], task_forces: [{ key: 'screening', name: both('核酸检测专班', 'screening') }] };
      return ok({ actors: people, next: null, offer, now: Date.now(), offset_minutes: OFFSET });
    }
    if (path === 'add-account' || path === 'add-device') {
      if (people.some(({ name }) => name === body.name)) return refusal(409, 'name_taken', '该名称已被使用。', 'The name is taken.');
      const kind = path === 'add-account' ? 'account' : 'device';
      const actor = { id: 100 + people.length, kind, role: body.role, area: body.area, task_force: body.task_force ?? null };
      people.push({ actor, name: body.name, post: body.post ?? null, disabled: false, second_factor: false, locked_until: null, last_seen: null, token_until: kind === 'device' ? Date.now() + DAY : null });
      return ok(kind === 'device' ? { actor, token: 'f'.repeat(64), expires_at: Date.now() + DAY } : { actor });
    }
    if (path === 'issue-token') return ok({ actor: whom.actor, token: 'e'.repeat(64), expires_at: Date.now() + DAY });
    if (path === 'revoke') whom.token_until = null;
    else if (path === 'unlock') whom.locked_until = null;
    else if (path === 'disable') Object.assign(whom, { disabled: true, token_until: null });
    else if (path === 'reset-second-factor') Object.assign(whom, { second_factor: false, token_until: null });
    else return null;
    return ok({});
  }

  function keeping(path, body) {
    const moment = { now: Date.now(), offset_minutes: OFFSET };
    if (path === 'exports') return ok({ exports: kept.exports, ...moment });
    if (path === 'due') return ok({ rows: kept.due, emergency: false, ...moment });
    if (path === 'destructions') return ok({ orders: kept.orders });
    if (path === 'attestation') return ok({ statement: '{}', key: 'a'.repeat(64), signature: 'b'.repeat(128) });
    if (path === 'fetch-export') return ok({ file: 'outpace export' });
    if (path === 'make-export') {
      const made = { export: kept.exports.length + 1, content: body.content, purpose: body.purpose, people: 4, made_by: 7, made_at: moment.now, until: moment.now + body.hours * HOUR, fetched: 0, ended_at: null };
      kept.exports.unshift({ export: made, account: 'deputy-1', area: both('王答村', 'Wangda Village') });
      return ok({ export: made, passphrase: 'k3mt-9wxy-7abc-2def-5ghj', file: 'outpace export' });
    }
    if (path === 'order-destruction') {
      const order = { order: kept.orders.length + 1, parts: body.parts, reason: body.reason, ordered_by: 7, ordered_at: moment.now, carried_out_at: null };
      kept.orders.unshift({ order, account: 'deputy-1', carried_out_by: null });
      return ok(order);
    }
    return null;
  }

  return {
    /** What was asked to be changed, as the page sent it. */
    heard,
    /** Everything as it was. */
    again,
    /** The answer to a request, or `null` for a path that is none of these. */
    answer(path, query, body) {
      const told = body === null ? null : JSON.parse(body);
      if (told !== null) heard.push({ path, ...told });
      const [, , room, verb] = path.split('/');
      if (room === 'residents') {
        const kind = verb.includes('correction') ? 'correction' : 'appeal';
        if (told !== null) return answer(told, kind);
        return ok({ requests: waiting[kind], next: null, now: Date.now(), offset_minutes: OFFSET });
      }
      if (path === '/api/registry/areas') return ok({ areas: AREAS.filter(({ level }) => level === query.get('level')) });
      if (room === 'custody') return keeping(verb, told);
      return room === 'access' ? access(verb, told) : null;
    },
  };
}
