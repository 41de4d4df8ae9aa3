/** Names on the map as HTML, so that no glyphs have to be fetched. The weightier name stays where two would overlap. */

import type { Map as MapLibre, Marker } from 'maplibre-gl';

import type { maplibre as Library } from './engine';

export interface Label {
  at: [number, number];
  text: string;
  /** CSS classes: `township`, `river`, `locked`, `place`, `facility`, `hospital`. */
  kind: string;
  /** Higher stays. */
  weight: number;
  /** The sign is always drawn; only the text may give way. */
  sign: boolean;
}

interface Placed {
  marker: Marker;
  element: HTMLElement;
  text: HTMLElement;
}

/** Room around a name, in pixels. */
const MARGIN = 2;

function overlaps(a: DOMRect, b: DOMRect): boolean {
  return a.left < b.right + MARGIN && b.left < a.right + MARGIN && a.top < b.bottom + MARGIN && b.top < a.bottom + MARGIN;
}

/** Keeps the labels of one map. */
export class Labels {
  #placed: Placed[] = [];

  constructor(
    readonly library: typeof Library,
    readonly map: MapLibre,
  ) {
    map.on('moveend', () => this.declutter());
    map.on('resize', () => this.declutter());
  }

  /** Replaces all labels. */
  set(labels: readonly Label[]): void {
    for (const { marker } of this.#placed) marker.remove();
    this.#placed = [...labels].sort((a, b) => b.weight - a.weight).map((label) => this.#place(label));
    this.declutter();
  }

  #place(label: Label): Placed {
    const element = document.createElement('div');
    element.className = `map-label ${label.kind}`;
    if (label.sign) element.append(document.createElement('i'));
    const text = document.createElement('span');
    text.textContent = label.text;
    element.append(text);
    const marker = new this.library.Marker({ element, anchor: 'center' }).setLngLat(label.at).addTo(this.map);
    // The library makes every marker a control with a name of its own; these are only names, and the list says the same.
    element.removeAttribute('aria-label');
    element.removeAttribute('role');
    element.removeAttribute('tabindex');
    element.setAttribute('aria-hidden', 'true');
    return { marker, element, text };
  }

  /** Hides what would overlap something weightier. */
  declutter(): void {
    const kept: DOMRect[] = [];
    for (const { text } of this.#placed) {
      text.style.visibility = 'visible';
      const box = text.getBoundingClientRect();
      const free = kept.every((other) => !overlaps(box, other));
      text.style.visibility = free ? 'visible' : 'hidden';
      if (free) kept.push(box);
    }
  }
}
