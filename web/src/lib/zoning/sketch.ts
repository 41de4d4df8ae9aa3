/** Turns boundaries and zones into what the map draws. Pure. */

import type { Feature, FeatureCollection, Position } from 'geojson';

import type { Boundaries, Site, Zone, ZoneLevel } from '../live';
import { zoneByCode } from './levels';

/** A feature of {@link Boundaries} whose code is text, as prefixes are compared. */
export type Drawn = Boundaries['features'][number] & { properties: { code: string } };

/** Collections made one, with codes as text. */
export interface Outline {
  type: 'FeatureCollection';
  features: Drawn[];
}

/** Brings collections together and writes every code as text. */
export function normal(parts: readonly Boundaries[]): Outline {
  const features = parts.flatMap((part) => part.features);
  return {
    type: 'FeatureCollection',
    features: features.map((one): Drawn => ({ ...one, properties: { ...one.properties, code: String(one.properties.code) } })),
  };
}

/** West, south, east, north. */
export type Box = [number, number, number, number];

/** Those of one level: `village`, `township`, `county`, `river`. */
export function ofLevel(boundaries: Outline, level: string): Outline {
  return { type: 'FeatureCollection', features: boundaries.features.filter(({ properties }) => properties.level === level) };
}

/** Villages with the level of the strictest zone that covers them. */
export function coloured(villages: Outline, zones: readonly Zone[]): FeatureCollection {
  const byCode = zoneByCode(villages, zones);
  const features = villages.features.map((village): Feature => {
    const zone = byCode.get(village.properties.code);
    const level: ZoneLevel | 'none' = zone?.level ?? 'none';
    return { ...village, properties: { ...village.properties, level, zone: zone?.id ?? 0 } };
  });
  return { type: 'FeatureCollection', features };
}

/** Sampling sites as points. */
export function points(sites: readonly Site[]): FeatureCollection {
  const features = sites.map(({ id, kind, lon, lat }): Feature => ({
    type: 'Feature',
    properties: { id, kind },
    geometry: { type: 'Point', coordinates: [lon, lat] },
  }));
  return { type: 'FeatureCollection', features };
}

function rings({ geometry }: Drawn): Position[][] {
  switch (geometry.type) {
    case 'Polygon':
      return geometry.coordinates;
    case 'MultiPolygon':
      return geometry.coordinates.flat();
    case 'LineString':
      return [geometry.coordinates];
  }
}

/** The box around everything drawn; `null` where nothing is. */
export function boxOf(features: readonly Drawn[]): Box | null {
  let box: Box | null = null;
  for (const [lon = 0, lat = 0] of features.flatMap(rings).flat()) {
    box ??= [lon, lat, lon, lat];
    box = [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)];
  }
  return box;
}

/** Where to write the name: the centroid of the largest ring (of a line: its middle point). */
export function labelPoint(feature: Drawn): [number, number] {
  if (feature.geometry.type === 'LineString') {
    const line = feature.geometry.coordinates;
    const [lon = 0, lat = 0] = line[Math.floor(line.length / 2)] ?? [];
    return [lon, lat];
  }
  let best = { area: 0, lon: 0, lat: 0 };
  for (const ring of rings(feature)) {
    const found = centroid(ring);
    if (Math.abs(found.area) > Math.abs(best.area)) best = found;
  }
  return [best.lon, best.lat];
}

/** Shoelace, around the first corner so that small areas far from zero lose no digits. */
function centroid(ring: Position[]): { area: number; lon: number; lat: number } {
  const [lon0 = 0, lat0 = 0] = ring[0] ?? [];
  let twice = 0;
  let sumLon = 0;
  let sumLat = 0;
  ring.forEach(([lonA = 0, latA = 0], index) => {
    const [lonB = lon0, latB = lat0] = ring[(index + 1) % ring.length] ?? [];
    const cross = (lonA - lon0) * (latB - lat0) - (lonB - lon0) * (latA - lat0);
    twice += cross;
    sumLon += (lonA + lonB - 2 * lon0) * cross;
    sumLat += (latA + latB - 2 * lat0) * cross;
  });
  if (twice === 0) return { area: 0, lon: lon0, lat: lat0 };
  return { area: twice / 2, lon: lon0 + sumLon / (3 * twice), lat: lat0 + sumLat / (3 * twice) };
}

/** Short names for the map: the suffix that says "committee" tells nothing there. */
export function shortName(name: string): string {
  return name.replace(/社区居委会$/, '社区').replace(/(?<=..)村委会$/, '').replace(/居委会$/, '');
}

/** The place of a zone without its level, which stands beside it: "Xiaowang village" of "Xiaowang village: lockdown area". */
export function zonePlace(name: string): string {
  return name.replace(/[:：].*$/, '');
}

/** A name as the map writes it: what kind of division it is, size and place tell there. */
export function mapName(name: string): string {
  return shortName(name).replace(/(?<=\S) (?:town|township|subdistrict|village|community)$/, '');
}
