/** Whom the sheet warns of, and what a scan was. Nothing here knows a name. */

import { fromHex } from './keys';
import type { LaneSheet } from './model';

/** Bytes of a row: number, year of birth, bits, mark of the identity number. */
const ROW_BYTES = 12;
const BORN_FROM = 1870;
const FEMALE = 1;
const WARNINGS = [
  [2, 'sampled'],
  [4, 'exempt'],
  [8, 'quarantined'],
  [16, 'absent'],
  [32, 'not_due'],
] as const;

export type Warning = (typeof WARNINGS)[number][1];

/** What a row of the sheet says of somebody. */
export interface Guard {
  person: number;
  born: number;
  sex: 'male' | 'female';
  warnings: Warning[];
}

/** The rows of a sheet, looked through by halving or one by one. */
export class Guards {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  constructor(sheet: LaneSheet) {
    this.#bytes = fromHex(sheet.guards.rows);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#bytes.length / ROW_BYTES;
  }

  #person(index: number): number {
    return Number(this.#view.getBigInt64(index * ROW_BYTES));
  }

  #row(index: number): Guard {
    const at = index * ROW_BYTES;
    const bits = this.#view.getUint8(at + 9);
    return {
      person: this.#person(index),
      born: BORN_FROM + this.#view.getUint8(at + 8),
      sex: bits & FEMALE ? 'female' : 'male',
      warnings: WARNINGS.filter(([bit]) => bits & bit).map(([, name]) => name),
    };
  }

  /** Whoever has a health code with this number. */
  byPerson(person: number): Guard | null {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#person(middle) < person) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.#person(low) === person ? this.#row(low) : null;
  }

  /** Whoever may have an identity number with this mark, and was born in that year: a few at most, mostly none or one. */
  byMark(mark: number, born: number, sex: 'male' | 'female'): Guard | null {
    for (let index = 0; index < this.length; index += 1) {
      if (this.#view.getUint16(index * ROW_BYTES + 10) !== mark) continue;
      const row = this.#row(index);
      if (row.born === born && row.sex === sex) return row;
    }
    return null;
  }
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = '10X98765432';

/** An identity number of 18 characters whose check character fits (GB 11643-1999). */
export function isCard(text: string): boolean {
  if (!/^\d{17}[\dX]$/.test(text)) return false;
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(text[index]), 0);
  return CHECKS[sum % 11] === text[17];
}

/** What came off a scanner or the keys. */
export type Scan = { kind: 'card'; number: string; born: string; sex: 'male' | 'female' } | { kind: 'code'; person: number } | { kind: 'wrong_card' } | { kind: 'unknown' };

/** A card has 18 characters, a health code the person's number. */
export function readScan(text: string): Scan {
  const plain = text.replace(/[\s-]/g, '').toUpperCase();
  if (/^\d{17}[\dX]$/.test(plain)) {
    if (!isCard(plain)) return { kind: 'wrong_card' };
    const born = `${plain.slice(6, 10)}-${plain.slice(10, 12)}-${plain.slice(12, 14)}`;
    return { kind: 'card', number: plain, born, sex: Number(plain[16]) % 2 === 1 ? 'male' : 'female' };
  }
  const person = /^\d{1,15}$/.test(plain) ? Number(plain) : 0;
  return person > 0 ? { kind: 'code', person } : { kind: 'unknown' };
}

/** Whether a label can bear this code. */
export const isTube = (text: string): boolean => /^[A-Za-z0-9-]{1,40}$/.test(text);
