import { render } from 'svelte/server';
import { afterEach, expect, test } from 'vitest';

import sample from '../../../fixtures/live.json';
import Timeline from '../drill/Timeline.svelte';
import Facts from '../isolation/Facts.svelte';
import type { Live } from '../live';
import Orders from '../orders/Orders.svelte';
import PlanView from '../response/PlanView.svelte';
import Conservation from '../screening/Conservation.svelte';
import Laboratories from '../screening/Laboratories.svelte';
import LateTubes from '../screening/LateTubes.svelte';
import Pipeline from '../screening/Pipeline.svelte';
import Rounds from '../screening/Rounds.svelte';
import Supplies from '../supplies/Supplies.svelte';
import { words } from '../words/words.svelte';
import ZoneCard from '../zoning/ZoneCard.svelte';
import ZoneList from '../zoning/ZoneList.svelte';
import Header from './Header.svelte';

const live = sample as unknown as Live;
const at = { now: live.now, offset: live.offset_minutes };
const plain = (html: string) => html.replace(/<!--.*?-->/gs, '').replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

afterEach(() => {
  words.language = 'zh';
});

test('the header says that it is a drill, the hour, the people and the head of the journal', () => {
  const shown = plain(render(Header, { props: { live } }).body);
  for (const part of ['演练', '21:42', '344,472', '#48213', '5a3c0ffe', '距 24 小时线 3 小时 48 分']) expect(shown).toContain(part);
  expect(plain(render(Header, { props: { live: { ...live, drill: false, scenario: null } } }).body)).not.toContain('演练');
});

test('the six verbs stand in their order in both languages', () => {
  const order = (names: string[]) => {
    const shown = plain(render(Pipeline, { props: { verbs: live.verbs } }).body);
    const places = names.map((name) => shown.indexOf(name));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  };
  order(['采样', '送样', '检测', '报告', '转运', '收治']);
  words.language = 'en';
  order(['Sample', 'Send', 'Test', 'Report', 'Transfer', 'Take in']);
});

test('a difference that is not 0 is told to be found at once', () => {
  const shown = (difference: number) =>
    plain(render(Conservation, { props: { conservation: { ...live.conservation, difference } } }).body);
  expect(shown(0)).toContain('一管不少');
  expect(shown(3)).toContain('有差，立即查找');
});

test('the plan says whose yes it waits for and keeps judgement apart', () => {
  const shown = plain(render(PlanView, { props: { plan: live.plan, ...at } }).body);
  for (const part of ['待总指挥批准', '56,480', '按规则 52,352', '其中研判 4,128', '3 名照护人待指定', '不可批']) expect(shown).toContain(part);
  expect(plain(render(PlanView, { props: { plan: null, ...at } }).body)).toContain('还没有方案');
});

test('an overdue order says by how much, one in time how much is left', () => {
  const shown = plain(render(Orders, { props: { orders: live.orders, ...at } }).body);
  expect(shown).toContain('超时 38 分');
  expect(shown).toContain('剩 8 分');
});

test('the timeline sets what was reached beside what was reported', () => {
  const { body } = render(Timeline, { props: { timeline: live.timeline, scenario: live.scenario, ...at } });
  expect(body.match(/data-checkpoint=/g)).toHaveLength(live.timeline.length);
  expect(plain(body)).toContain('晚 20 分');
});

test('without data every panel says so instead of staying empty', () => {
  const shown = [
    render(Rounds, { props: { rounds: [], ...at } }),
    render(Supplies, { props: { supplies: [], trucks: { expected: 0, arrived: 0, unloaded: 0 } } }),
    render(Orders, { props: { orders: { ...live.orders, late: [] }, ...at } }),
    render(Timeline, { props: { timeline: [], scenario: null, ...at } }),
    render(ZoneList, { props: { zones: [], closures: [], picked: null, onpick: () => {}, ...at } }),
  ].map(({ body }) => plain(body));
  ['还没有开轮', '没有台账', '没有未完成的任务单', '非演练，无对照', '没有现行区域'].forEach((part, index) => expect(shown[index]).toContain(part));
});

test('in English nothing of the page itself stays Chinese', () => {
  words.language = 'en';
  const panels = [
    render(Rounds, { props: { rounds: live.rounds, ...at } }),
    render(Supplies, { props: { supplies: live.supplies, trucks: live.trucks } }),
    render(Orders, { props: { orders: live.orders, ...at } }),
    render(Timeline, { props: { timeline: live.timeline, scenario: live.scenario, ...at } }),
    render(Facts, { props: { live } }),
    render(PlanView, { props: { plan: live.plan, ...at } }),
    render(ZoneList, { props: { zones: live.zones, closures: live.closures, picked: null, onpick: () => {}, ...at } }),
    ...live.zones.map((zone) => render(ZoneCard, { props: { zone, within: null, onclose: null, ...at } })),
  ];
  for (const { body } of panels) expect(plain(body)).not.toMatch(/\p{Script=Han}/u);
});

test('in Chinese a clause is no English sentence', () => {
  const panels = [
    render(PlanView, { props: { plan: live.plan, ...at } }),
    render(ZoneList, { props: { zones: live.zones, closures: live.closures, picked: null, onpick: () => {}, ...at } }),
    ...live.zones.map((zone) => render(ZoneCard, { props: { zone, within: null, onclose: null, ...at } })),
  ];
  // Two words of English side by side are a sentence; Ct or PCR alone is a term.
  for (const { body } of panels) expect(plain(body)).not.toMatch(/[a-z]{3,} [a-z]{2,}/i);
});

test('supplies tell what is on hand, what came in and went out, and the trucks', () => {
  const shown = plain(render(Supplies, { props: { supplies: live.supplies, trucks: live.trucks } }).body);
  for (const part of ['到达 12 / 30 辆，卸完 7 辆', '入库', '出库', '238,700', '48,200', '! 0.1 天', '未动用']) expect(shown).toContain(part);
});

test('a late tube is told with its last signature, and how many more there are', () => {
  const shown = plain(render(LateTubes, { props: { flow: live.flow, ...at } }).body);
  for (const part of ['QX0413-02210', 'courier-04', '交接 #118', 'BOX-0240', '送达超时', '已超', '另有 4 管']) expect(shown).toContain(part);
  words.language = 'en';
  const told = plain(render(LateTubes, { props: { flow: live.flow, ...at } }).body);
  for (const part of ['with courier', 'hand-over #118', '4 more']) expect(told).toContain(part);
  words.language = 'zh';
  const none = { ...live.flow, late: live.flow.late.map((one) => ({ ...one, tubes: 0 })), tubes: [] };
  expect(plain(render(LateTubes, { props: { flow: none, ...at } }).body)).toContain('没有超时样本');
});

test('a laboratory that does less than it says is told with both figures and the hour of its last result', () => {
  const shown = plain(render(Laboratories, { props: { laboratories: live.flow.laboratories, ...at } }).body);
  for (const part of ['1,850', '! 380', '核定 500', '4月14日 05:40', '600']) expect(shown).toContain(part);
  expect(shown).not.toContain('核定 600');
});
