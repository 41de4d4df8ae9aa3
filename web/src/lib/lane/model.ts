/** The lane sheet and the records that a device makes under it; as `crates/screening/src/lanes/model.rs` has them. */

import type { Text } from '../live';

export const SHEET_FORMAT = 'outpace-lane-sheet/1';
export const RECORDS_FORMAT = 'outpace-lane-records/1';

export interface SignedSheet {
  /** The sheet as JSON text, byte by byte as it was signed. */
  sheet: string;
  signature: string;
  key: string;
  /** The office's clock as it signed. */
  signed_at: number;
}

export interface LaneSheet {
  format: string;
  sheet: number;
  round: number;
  round_name: Text;
  site: number;
  site_name: Text;
  lane: number;
  lane_number: number;
  lock: { people_max: number; household: boolean; leave_within_minutes: number };
  guards: { people: number; rows: string; mark_key: string };
  keys: { record: string; seal: string };
  issued_at: number;
  ends_at: number;
}

export interface SealedBox {
  key: string;
  text: string;
}

export type Who = { by: 'code'; person: number } | { by: 'sealed'; sealed: SealedBox } | { by: 'nobody'; no_file: string | null; slip: string | null };

export type What =
  | { kind: 'swab'; tube: string; who: Who; own?: boolean }
  | { kind: 'undo'; counter: number }
  | { kind: 'seal'; tube: string }
  | { kind: 'done' };

export interface SignedRecord {
  record: string;
  mac: string;
}

/** Whoever was told off a card or typed; sealed before it is kept anywhere. */
export interface Told {
  id_number?: string;
  name?: string;
  born?: string;
  sex?: 'male' | 'female';
  phone?: string;
}

export interface RecordAnswer {
  line: number;
  device: string;
  counter: number;
  state: 'merged' | 'already_there' | 'waiting' | 'flagged' | 'undone' | 'quarantined';
  why?: Text | undefined;
}

export interface MergeAnswer {
  sheet: number;
  records: RecordAnswer[];
  returned: boolean;
}

/** The sheet of a signed text; `null` where it is none. */
export function readSheet(signed: SignedSheet): LaneSheet | null {
  try {
    const sheet = JSON.parse(signed.sheet) as LaneSheet;
    return sheet.format === SHEET_FORMAT && Number.isSafeInteger(sheet.sheet) ? sheet : null;
  } catch {
    return null;
  }
}

/** The file of records, one line each. */
export function writeFile(sheet: number, records: SignedRecord[]): string {
  return [{ format: RECORDS_FORMAT, sheet }, ...records].map((line) => JSON.stringify(line)).join('\n') + '\n';
}
