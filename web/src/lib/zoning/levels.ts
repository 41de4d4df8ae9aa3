/** Which zone colours a village: the strictest that covers it. Pure. */

import type { AreaCode, Zone, ZoneLevel } from '../live';
import type { Outline } from './sketch';

/** Strictest first. */
export const LEVELS: readonly ZoneLevel[] = ['lockdown', 'high', 'control', 'medium', 'precaution', 'low'];

const VILLAGE_DIGITS = 12;

/** Lower is stricter. */
export function strictness(level: ZoneLevel): number {
  return LEVELS.indexOf(level);
}

/** Area codes are prefixes of each other: an area covers what begins with its code. */
export function covers(area: AreaCode, code: string): boolean {
  return code.startsWith(String(area));
}

/** Strictest first, then the one with the narrowest areas, so that a village is named before its county. */
export function strictestFirst(zones: readonly Zone[]): Zone[] {
  const narrowest = (zone: Zone) => Math.max(0, ...zone.areas.map((area) => String(area).length));
  return [...zones].sort(
    (a, b) => strictness(a.level) - strictness(b.level) || narrowest(b) - narrowest(a) || a.id - b.id,
  );
}

/** The zone of each drawn area, by its code. */
export function zoneByCode(boundaries: Outline, zones: readonly Zone[]): Map<string, Zone> {
  const ordered = strictestFirst(zones);
  const found = new Map<string, Zone>();
  for (const { properties } of boundaries.features) {
    const zone = ordered.find(({ areas }) => areas.some((area) => covers(area, properties.code)));
    if (zone) found.set(properties.code, zone);
  }
  return found;
}

/** Where a zone smaller than a village (a grid, a compound) is marked: the village it lies in. */
export function villagesOfSmallerAreas(zone: Zone): string[] {
  return zone.areas.map(String).filter((code) => code.length > VILLAGE_DIGITS).map((code) => code.slice(0, VILLAGE_DIGITS));
}

/** A short text that changes only when the colours do. */
export function signature(zones: readonly Zone[]): string {
  return zones.map(({ id, level, risk, areas, places }) => `${id}${level}${risk}${areas.length}p${places.length}`).join(' ');
}
