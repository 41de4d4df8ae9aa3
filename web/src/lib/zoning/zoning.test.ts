import { expect, test } from 'vitest';

import areas from '../../../../drills/qingxu-2022/areas.geojson?raw';
import sample from '../../../fixtures/live.json';
import type { Boundaries, Live, Zone } from '../live';
import { covers, LEVELS, strictestFirst, villagesOfSmallerAreas, zoneByCode } from './levels';
import { patternPixels } from './patterns';
import { boxOf, coloured, labelPoint, normal, ofLevel, shortName, type Drawn } from './sketch';

const { zones } = sample as unknown as Live;
const boundaries = normal([JSON.parse(areas) as Boundaries]);
const villages = ofLevel(boundaries, 'village');

test('an area covers itself and what begins with its code', () => {
  expect(covers(140121203, '140121203206')).toBe(true);
  expect(covers(140121203206, '140121203206')).toBe(true);
  expect(covers(140121204, '140121203206')).toBe(false);
});

test('the strictest zone colours a village, whatever the order they come in', () => {
  for (const order of [zones, [...zones].reverse()]) {
    const byCode = zoneByCode(villages, order);
    expect(byCode.get('140121203201')?.level).toBe('lockdown');
    expect(byCode.get('140121203200')?.level).toBe('control');
    expect(byCode.get('140121102200')?.level).toBe('precaution');
  }
});

test('every village of the county is drawn once, and all are coloured when the county is on precaution', () => {
  const drawn = coloured(villages, zones).features;
  expect(drawn).toHaveLength(158);
  expect(drawn.every(({ properties }) => properties?.['level'] !== 'none')).toBe(true);
  expect(coloured(villages, []).features.every(({ properties }) => properties?.['level'] === 'none')).toBe(true);
});

test('between zones of one level the narrower is named', () => {
  const county = zones.find(({ level }) => level === 'precaution') as Zone;
  const village: Zone = { ...county, id: 99, areas: [140121102200] };
  expect(strictestFirst([county, village])[0]?.id).toBe(99);
});

test('a grid is marked in its village and does not colour it', () => {
  const grid: Zone = { ...(zones[0] as Zone), areas: [140121203206001], places: [] };
  expect(villagesOfSmallerAreas(grid)).toEqual(['140121203206']);
  expect(zoneByCode(villages, [grid]).size).toBe(0);
});

test('a code that comes as a number is the same area', () => {
  const asNumbers = { ...boundaries, features: boundaries.features.map((one) => ({ ...one, properties: { ...one.properties, code: Number(one.properties.code) } })) };
  expect(normal([asNumbers])).toEqual(boundaries);
});

test('names stand inside their outline', () => {
  const square = (at: number): Drawn => ({
    type: 'Feature',
    properties: { code: '1', name: 'x', level: 'village' },
    geometry: { type: 'Polygon', coordinates: [[[at, at], [at + 2, at], [at + 2, at + 2], [at, at + 2], [at, at]]] },
  });
  expect(labelPoint(square(112))).toEqual([113, 113]);
  const box = boxOf(boundaries.features);
  for (const feature of villages.features) {
    const [lon, lat] = labelPoint(feature);
    expect(box && lon > box[0] && lat > box[1] && lon < box[2] && lat < box[3]).toBe(true);
  }
});

test('a village keeps its name without the word for its committee', () => {
  expect(shortName('大寨村委会')).toBe('大寨');
  expect(shortName('西谷村委会')).toBe('西谷');
  expect(shortName('东湖社区居委会')).toBe('东湖社区');
});

test('levels can be told apart without colour', () => {
  const seen = new Set(LEVELS.map((level) => patternPixels(level, [0, 0, 0]).data.join()));
  // Lockdown and high risk share one, being the same to whoever lives there.
  expect(seen.size).toBe(LEVELS.length - 1);
});
