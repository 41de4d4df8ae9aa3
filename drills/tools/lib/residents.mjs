// How many people live in each village of a county whose total alone is known.

import { stream, normal } from "./random.mjs";
import { isCommunity, isSeatVillage, townshipOf } from "./seats.mjs";

const HILL_NAME = /(坡|沟|窑|方山|石山|西梁|中梁|东梁|新村)村委会$/u;

/** Which of the four kinds of settlement a village is; each kind has its own weight. */
export function kindOf(village, townshipName, facts) {
  if (isCommunity(village.name)) return "community";
  if (isSeatVillage(village, townshipName)) return "seat_village";
  const hilly = facts.hill_townships.includes(townshipOf(village.code)) && HILL_NAME.test(village.name);
  return hilly ? "hill_village" : "village";
}

/**
 * Splits `total` over the villages by the weight of their kind, varied for each village by a
 * repeatable log-normal factor; whole people, by largest remainder, so that the sum is exact.
 */
export function shareResidents(villages, townshipNames, total, facts) {
  const weights = villages.map((village) => {
    const kind = kindOf(village, townshipNames.get(townshipOf(village.code)), facts);
    const next = stream(`${facts.resident_seed}/${village.code}`);
    return facts.resident_weights[kind] * Math.exp(facts.resident_variation_sigma * normal(next));
  });
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight * total) / whole);
  const counts = exact.map(Math.floor);
  const missing = total - counts.reduce((sum, count) => sum + count, 0);
  exact
    .map((value, index) => ({ index, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index)
    .slice(0, missing)
    .forEach(({ index }) => {
      counts[index] += 1;
    });
  return new Map(villages.map((village, index) => [village.code, counts[index]]));
}
