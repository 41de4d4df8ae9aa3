// Plane geometry on a map of one county: kilometres east and north of a reference point. At the size
// of a county (40 km) this differs from the ellipsoid by less than the five decimals that are kept.

const KM_PER_DEGREE = 111.32;

/** Converts between WGS-84 degrees and kilometres around `reference` ([lon, lat]). */
export function projection(reference) {
  const shrink = Math.cos((reference[1] * Math.PI) / 180);
  return {
    toKm: ([lon, lat]) => [
      (lon - reference[0]) * KM_PER_DEGREE * shrink,
      (lat - reference[1]) * KM_PER_DEGREE,
    ],
    toDegrees: ([x, y]) => [
      reference[0] + x / (KM_PER_DEGREE * shrink),
      reference[1] + y / KM_PER_DEGREE,
    ],
  };
}

export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

const cross = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);

/** The convex hull of points, anticlockwise, not closed. */
export function convexHull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list) => {
    const chain = [];
    for (const point of list) {
      while (chain.length >= 2 && cross(chain.at(-2), chain.at(-1), point) <= 0) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** The hull of all points within `radius` of a convex polygon, its corners rounded in `steps`. */
export function buffer(polygon, radius, steps = 16) {
  const around = polygon.flatMap(([x, y]) =>
    Array.from({ length: steps }, (_, step) => {
      const angle = (2 * Math.PI * step) / steps;
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    }),
  );
  return convexHull(around);
}

/** Whether a point is inside an anticlockwise convex polygon, at least `margin` from its edges. */
export function insideConvex(point, polygon, margin = 0) {
  return polygon.every((start, index) => {
    const end = polygon[(index + 1) % polygon.length];
    return cross(start, end, point) / distance(start, end) >= margin;
  });
}

// The same edge must give the same cut from either side, or neighbours would not share it: its ends
// are put in a fixed order first.
function cut(a, b, start, end) {
  const [p, q] = a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? [a, b] : [b, a];
  const before = cross(start, end, p);
  const share = before / (before - cross(start, end, q));
  return [p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])];
}

/** The part of `polygon` inside a convex anticlockwise `clip` (Sutherland and Hodgman). */
export function clipConvex(polygon, clip) {
  let kept = polygon;
  clip.forEach((start, index) => {
    const end = clip[(index + 1) % clip.length];
    const input = kept;
    kept = [];
    input.forEach((point, at) => {
      const previous = input[(at + input.length - 1) % input.length];
      const inside = cross(start, end, point) >= 0;
      const wasInside = cross(start, end, previous) >= 0;
      if (inside !== wasInside) kept.push(cut(previous, point, start, end));
      if (inside) kept.push(point);
    });
  });
  return kept;
}

/** Twice the signed area of a ring; positive when it runs anticlockwise. */
export function doubleArea(ring) {
  return ring.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = ring[(index + 1) % ring.length];
    return sum + x * nextY - nextX * y;
  }, 0);
}

/** Whether a point is inside any simple ring. */
export function insideRing([x, y], ring) {
  let inside = false;
  ring.forEach(([x1, y1], index) => {
    const [x2, y2] = ring[(index + 1) % ring.length];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  });
  return inside;
}

/** Shortest distance from a point to a line of several points, and on which side of it (east positive). */
export function offsetFromLine(point, line) {
  let best = { distance: Infinity, east: true };
  for (let index = 0; index + 1 < line.length; index += 1) {
    const [a, b] = [line[index], line[index + 1]];
    const length = distance(a, b);
    const along = ((point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])) / length ** 2;
    const share = Math.min(1, Math.max(0, along));
    const foot = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
    const away = distance(point, foot);
    // The line runs from north to south, so east is on its left hand.
    if (away < best.distance) best = { distance: away, east: cross(a, b, point) > 0 };
  }
  return best;
}

/**
 * Joins cells that share edges into the polygons of a MultiPolygon: an edge that two cells run in
 * opposite directions is inside and drops out; what is left is chained into rings.
 */
export function dissolve(rings) {
  const key = (point) => point.join(",");
  const edges = new Map();
  for (const ring of rings) {
    ring.forEach((from, index) => {
      const to = ring[(index + 1) % ring.length];
      const back = `${key(to)} ${key(from)}`;
      if (!edges.delete(back)) edges.set(`${key(from)} ${key(to)}`, [from, to]);
    });
  }
  const following = new Map();
  for (const [from, to] of edges.values()) {
    following.set(key(from), [...(following.get(key(from)) ?? []), to]);
  }
  const outlines = [];
  for (const first of following.keys()) {
    while (following.get(first)?.length) {
      const ring = [];
      let at = first;
      do {
        const next = following.get(at)?.shift();
        if (!next) throw new Error(`the cells do not close at ${at}`);
        ring.push(next);
        at = key(next);
      } while (at !== first);
      outlines.push(ring);
    }
  }
  const outer = outlines.filter((ring) => doubleArea(ring) > 0);
  const holes = outlines.filter((ring) => doubleArea(ring) < 0);
  return outer.map((ring) => [ring, ...holes.filter((hole) => insideRing(hole[0], ring))]);
}
