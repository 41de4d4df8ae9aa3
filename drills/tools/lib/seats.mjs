// Where the villages of a county stand: known seats as they are, the others around their township's
// seat, each at the same place on every run.

import { convexHull, buffer, distance, insideConvex, offsetFromLine } from "./geometry.mjs";
import { stream, normal } from "./random.mjs";

const CANDIDATES = 80;
const MARGIN_OUTLINE_KM = 0.4;
const MARGIN_RIVER_KM = 0.25;

/** The county's outline: the hull of its known seats, widened. Our own, coarse, in kilometres. */
export function outlineOf(facts, toKm) {
  const known = Object.entries(facts.seats).filter(([code]) => code.startsWith(facts.county));
  return buffer(convexHull(known.map(([, seat]) => toKm(seat))), facts.outline_buffer_km);
}

/** A village's township, by its code. */
export const townshipOf = (code) => code.slice(0, 9);

/** Whether this is a residents' committee (community) and not a villagers' committee (village). */
export const isCommunity = (name) => name.includes("社区");

/** Whether the village bears its township's name, and so is where the township has its seat. */
export function isSeatVillage(village, townshipName) {
  const bare = (name) => name.replace(/(社区居委会|村委会|镇|乡)$/u, "");
  return !isCommunity(village.name) && bare(village.name) === bare(townshipName);
}

/** "east" or "west" of the Fen: by township where all of it lies on one side, else by place. */
export function riverSide(code, point, facts, river) {
  const whole = facts.townships_wholly_on_one_side[townshipOf(code)];
  return whole ?? (offsetFromLine(point, river).east ? "east" : "west");
}

// A known seat claims the ground nearest to it for its township.
function nearestTownship(point, knownSites) {
  let best = { away: Infinity, township: "" };
  for (const site of knownSites) {
    const away = distance(point, site.point);
    if (away < best.away) best = { away, township: site.township };
  }
  return best.township;
}

function fits(point, township, context) {
  const { facts, river, outline, knownSites } = context;
  if (!insideConvex(point, outline, MARGIN_OUTLINE_KM)) return false;
  if (nearestTownship(point, knownSites) !== township) return false;
  const side = facts.townships_wholly_on_one_side[township];
  const offset = offsetFromLine(point, river);
  return offset.distance >= MARGIN_RIVER_KM && (!side || side === (offset.east ? "east" : "west"));
}

// Of many candidates around the centre, the one farthest from all that stand already, counted in
// units of the spread, so that towns are dense and villages keep their distance.
function place(village, centre, spreadKm, taken, context) {
  const next = stream(`${context.facts.approximate_seat_seed}/${village.code}`);
  let best = null;
  for (let found = 0, tried = 0; found < CANDIDATES && tried < CANDIDATES * 100; tried += 1) {
    const point = [centre[0] + spreadKm * normal(next), centre[1] + spreadKm * normal(next)];
    if (!fits(point, townshipOf(village.code), context)) continue;
    found += 1;
    const room = Math.min(...taken.map((other) => distance(point, other)));
    const value = room / (spreadKm + distance(point, centre));
    if (!best || value > best.value) best = { point, value };
  }
  if (!best) throw new Error(`no ground for ${village.code} ${village.name}`);
  return best.point;
}

const meanOf = (points) => [0, 1].map((axis) => points.reduce((sum, p) => sum + p[axis], 0) / points.length);

/** Gives every village { point in km, seat_source }, as a map by code. */
export function placeVillages(villages, townshipNames, facts, river, outline, toKm) {
  const knownSites = Object.entries(facts.seats)
    .filter(([code]) => code.startsWith(facts.county) && code.length >= 9)
    .map(([code, seat]) => ({ code, township: townshipOf(code), point: toKm(seat) }));
  const context = { facts, river, outline, knownSites };
  const seats = new Map();
  const taken = [];
  const set = (code, point, source) => {
    seats.set(code, { point, seat_source: source });
    taken.push(point);
  };
  for (const site of knownSites.filter(({ code }) => code.length === 12)) set(site.code, site.point, "known");
  const unknown = () => villages.filter(({ code }) => !seats.has(code));
  for (const village of unknown()) {
    const township = townshipOf(village.code);
    if (!isSeatVillage(village, townshipNames.get(township))) continue;
    set(village.code, toKm(facts.seats[township]), "approximate");
  }
  for (const village of unknown()) {
    const township = townshipOf(village.code);
    const seat = toKm(facts.seats[township]);
    const communities = knownSites.filter(
      ({ code }) => code.length === 12 && townshipOf(code) === township && code[9] === "0",
    );
    const town = communities.length ? meanOf(communities.map(({ point }) => point)) : seat;
    const [centre, spread] = isCommunity(village.name)
      ? [town, facts.community_spread_km]
      : [seat, facts.village_spread_km];
    set(village.code, place(village, centre, spread, taken, context), "approximate");
  }
  return seats;
}
