/** The map's style, whole and inline: no tiles, no glyphs, no sprites, nothing from the network. */

import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl';

import type { ZoneLevel } from '../live';
import { LEVELS } from './levels';

export interface Palette {
  land: string;
  paper: string;
  ink: string;
  line: string;
  border: string;
  river: string;
  /** Fill of each level. */
  fill: Record<ZoneLevel, string>;
  /** Its pattern and outline, darker. */
  stroke: Record<ZoneLevel, string>;
}

/** Reads the palette from the page's own colours, resolved for the theme in force. */
export function readPalette(host: HTMLElement): Palette {
  const probe = document.createElement('i');
  host.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const lockdown = colour('map-lockdown');
  const control = colour('map-control');
  const palette: Palette = {
    land: colour('map-land'),
    paper: colour('paper'),
    ink: colour('ink'),
    line: colour('map-line'),
    border: colour('map-border'),
    river: colour('map-river'),
    fill: { lockdown, high: lockdown, control, medium: control, precaution: colour('map-precaution'), low: colour('map-low') },
    stroke: {
      lockdown: colour('lockdown'),
      high: colour('high'),
      control: colour('control'),
      medium: colour('medium'),
      precaution: colour('precaution'),
      low: colour('low'),
    },
  };
  probe.remove();
  return palette;
}

/** `rgb(1, 2, 3)` → numbers. */
export function channels(colour: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

function byLevel(values: Record<ZoneLevel, string>, other: string): ExpressionSpecification {
  const pairs = LEVELS.flatMap((level) => [level, values[level]]);
  return ['match', ['get', 'level'], ...pairs, other] as unknown as ExpressionSpecification;
}

/** Name of the pattern image of a level. */
export function patternName(level: ZoneLevel): string {
  return `pattern-${level}`;
}

const EMPTY = { type: 'geojson' as const, data: { type: 'FeatureCollection' as const, features: [] } };

/** Sources are empty; the map fills them as moments come. */
export function mapStyle(palette: Palette): StyleSpecification {
  const zoned: ExpressionSpecification = ['!=', ['get', 'level'], 'none'];
  const patterns = Object.fromEntries(LEVELS.map((level) => [level, patternName(level)])) as Record<ZoneLevel, string>;
  const selected: ExpressionSpecification = ['boolean', ['feature-state', 'selected'], false];
  const pointed: ExpressionSpecification = ['boolean', ['feature-state', 'pointed'], false];
  return {
    version: 8,
    sources: {
      villages: { ...EMPTY, promoteId: 'code' },
      townships: EMPTY,
      county: EMPTY,
      river: EMPTY,
      sites: EMPTY,
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': palette.paper } },
      { id: 'county', type: 'fill', source: 'county', paint: { 'fill-color': palette.land } },
      {
        id: 'villages',
        type: 'fill',
        source: 'villages',
        paint: {
          'fill-color': byLevel(palette.fill, palette.land),
          'fill-opacity': ['case', pointed, 0.95, ['match', ['get', 'level'], ['lockdown', 'high'], 0.8, ['control', 'medium'], 0.55, 0.5]],
        },
      },
      {
        id: 'zones',
        type: 'fill',
        source: 'villages',
        filter: zoned,
        paint: {
          'fill-pattern': byLevel(patterns, patternName('low')),
          'fill-opacity': ['match', ['get', 'level'], ['lockdown', 'high'], 0.9, ['control', 'medium'], 0.45, 0.5],
        },
      },
      { id: 'village-lines', type: 'line', source: 'villages', paint: { 'line-color': palette.line, 'line-width': 0.6 } },
      {
        id: 'lockdown-lines',
        type: 'line',
        source: 'villages',
        filter: ['in', ['get', 'level'], ['literal', ['lockdown', 'high']]],
        paint: { 'line-color': palette.stroke.lockdown, 'line-width': 2 },
      },
      { id: 'township-lines', type: 'line', source: 'townships', paint: { 'line-color': palette.border, 'line-width': 1.2 } },
      {
        id: 'river-bank',
        type: 'line',
        source: 'river',
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': palette.paper, 'line-width': 9 },
      },
      {
        id: 'river',
        type: 'line',
        source: 'river',
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': palette.river, 'line-width': 6 },
      },
      { id: 'county-lines', type: 'line', source: 'county', paint: { 'line-color': palette.ink, 'line-width': 1.8 } },
      {
        id: 'selection',
        type: 'line',
        source: 'villages',
        paint: { 'line-color': palette.ink, 'line-width': ['case', selected, 2.5, pointed, 1.8, 0] },
      },
      {
        id: 'sites',
        type: 'circle',
        source: 'sites',
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 2.2, 13, 6],
          'circle-color': ['match', ['get', 'kind'], 'fever', palette.stroke.control, palette.ink],
          'circle-stroke-color': palette.paper,
          'circle-stroke-width': 1,
        },
      },
    ],
  };
}
