/** A pattern for each level, so that colour never speaks alone: on the map as pixels, in the list as CSS. */

import type { ZoneLevel } from '../live';

/** Side of the pattern in device pixels; drawn at half size for sharp lines. */
const SIDE = 16;

type Stroke = 'cross' | 'rising' | 'falling' | 'dots' | 'none';

const STROKE: Record<ZoneLevel, Stroke> = {
  lockdown: 'cross',
  high: 'cross',
  control: 'rising',
  medium: 'falling',
  precaution: 'dots',
  low: 'none',
};

function inked(stroke: Stroke, x: number, y: number): boolean {
  const rising = (x + y) % SIDE < 3;
  const falling = (x - y + SIDE) % SIDE < 3;
  if (stroke === 'cross') return rising || falling;
  if (stroke === 'rising') return rising;
  if (stroke === 'falling') return falling;
  if (stroke === 'dots') return Math.hypot(x - SIDE / 2, y - SIDE / 2) < 2.2;
  return false;
}

/** The pattern in one colour (red, green, blue) on a clear ground, ready for `addImage`. */
export function patternPixels(level: ZoneLevel, [red, green, blue]: [number, number, number]): {
  width: number;
  height: number;
  data: Uint8ClampedArray;
} {
  const data = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      data.set([red, green, blue, inked(STROKE[level], x, y) ? 255 : 0], (y * SIDE + x) * 4);
    }
  }
  return { width: SIDE, height: SIDE, data };
}

/** The same for a swatch in the list. */
export function patternCss(level: ZoneLevel): string {
  const line = (angle: string) => `repeating-linear-gradient(${angle}, var(--${level}) 0 1.5px, transparent 1.5px 5.66px)`;
  const stroke = STROKE[level];
  if (stroke === 'cross') return `${line('45deg')}, ${line('-45deg')}`;
  if (stroke === 'rising') return line('-45deg');
  if (stroke === 'falling') return line('45deg');
  if (stroke === 'dots') return `radial-gradient(circle at 3px 3px, var(--${level}) 1.2px, transparent 1.4px) 0 0 / 6px 6px`;
  return 'none';
}
