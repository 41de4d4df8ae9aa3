/** What a gate makes of a status code, without a network: the same as `gate::verify` of the server, byte for byte. */

import { verifyAsync } from '@noble/ed25519';

import { fromHex, toHex } from '../lane/keys';

export interface GateKey {
  key: string;
  from: number;
  until: number;
}

/** A map that the office signed, by its digest: passes issued from `from` on and before `until` stand on it. */
export interface GateMap {
  from: number;
  until: number;
  /** Blocks of 65,536 places. A pass of the same period with fewer was issued before the people grew by a block. */
  blocks: number;
  sha256: string;
}

/** What is signed of a list. */
export interface GateHead {
  format: string;
  jurisdiction: number;
  at: number;
  keys: GateKey[];
  maps: GateMap[];
}

/** The colour below which passes of a place count no longer: two bits a place, the first place lowest; 0 green, 1 yellow, 2 red. */
export type GateMapBytes = Uint8Array<ArrayBuffer>;

/** What a gate fetched while it had a network. */
export interface GateList {
  head: GateHead;
  maps: GateMapBytes[];
}

/** A head as it was signed. */
export interface SignedHead {
  list: string;
  signature: string;
  key: string;
}

/** A map as it travels: whole, or as what changed since one that the gate has (since a green one where `since` is absent). */
export interface MapUpdate {
  since?: string | undefined;
  changes?: string | undefined;
  whole?: string | undefined;
}

/** A list as it travels. */
export interface SignedGateList extends SignedHead {
  maps: MapUpdate[];
}

export type Refusal = 'no_pass' | 'unknown_key' | 'wrong_signature' | 'not_yet' | 'over' | 'revoked';
export type Colour = 'green' | 'yellow' | 'red';

/** What a pass says. */
export interface Pass {
  colour: Colour;
  lastNegativeAt: number | null;
  issuedAt: number;
  endsAt: number;
}

const FORMAT = 'outpace-gate-list/2';
const BLOCK = 65_536;
const PLACES_A_BYTE = 4;
const HEAD = 'OPS1.';
const CONTEXT = new TextEncoder().encode('outpace status pass 2');
const BODY = 22;
const VERSION = 2;
const SIGNATURE = 64;
const COLOURS: Colour[] = ['green', 'yellow', 'red'];
const MINUTE = 60_000;
const AHEAD_MS_MAX = 5 * MINUTE;

type Bytes = Uint8Array<ArrayBuffer>;

/** Whether bytes are signed: by the browser, or by the small library where the browser does not know Ed25519. */
async function isSigned(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const known = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', known, signature, message);
  } catch {
    return verifyAsync(signature, message, key).catch(() => false);
  }
}

function fromBase64(text: string): Bytes | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0)) as Bytes;
  } catch {
    return null;
  }
}

const joined = (a: Uint8Array, b: Uint8Array): Bytes => Uint8Array.of(...a, ...b) as Bytes;

/** SHA-256 of a map, as the office signs it. */
export const digestOf = async (map: GateMapBytes): Promise<string> => toHex(await crypto.subtle.digest('SHA-256', map));

function fromStandardBase64(text: string): Bytes | null {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) as Bytes;
  } catch {
    return null;
  }
}

/** Changed places in ascending order, each one LEB128 number: (gap to the place before) × 4 + colour. */
function change(map: GateMapBytes, changes: Bytes): boolean {
  let place = 0;
  let number = 0;
  let shift = 0;
  for (const byte of changes) {
    number |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte & 0x80) {
      if (shift > 28) return false;
      continue;
    }
    place += number >>> 2;
    const at = Math.trunc(place / PLACES_A_BYTE);
    if (at >= map.length) return false;
    const bit = 2 * (place % PLACES_A_BYTE);
    map[at] = ((map[at] ?? 0) & ~(3 << bit)) | ((number & 3) << bit);
    [number, shift] = [0, 0];
  }
  return shift === 0;
}

/** The map after an update; `null` where what it changes is not here. The digest is the caller's to compare. */
function applied(update: MapUpdate, blocks: number, known: Map<string, GateMapBytes>): GateMapBytes | null {
  const length = (blocks * BLOCK) / PLACES_A_BYTE;
  if (update.whole !== undefined) return fromStandardBase64(update.whole);
  const before = update.since === undefined ? new Uint8Array(length) : known.get(update.since);
  const changes = fromStandardBase64(update.changes ?? '');
  if (before === undefined || changes === null) return null;
  const map = before.slice() as GateMapBytes;
  return change(map, changes) ? map : null;
}

/** What a head says, where it is signed with the office's key; `null` where it is not. */
async function readHead(signed: SignedHead, officeKey: string): Promise<GateHead | null> {
  if (signed.key.toLowerCase() !== officeKey.toLowerCase()) return null;
  const text = new TextEncoder().encode(signed.list) as Bytes;
  if (!(await isSigned(fromHex(signed.key), fromHex(signed.signature), text))) return null;
  const head = JSON.parse(signed.list) as GateHead;
  return head.format === FORMAT ? head : null;
}

/** Whether maps are those whose digests were signed. */
async function fit(head: GateHead, maps: (GateMapBytes | null)[]): Promise<boolean> {
  if (maps.length !== head.maps.length) return false;
  const digests = await Promise.all(maps.map((map) => (map === null ? '' : digestOf(map))));
  return head.maps.every(({ sha256 }, at) => sha256 === digests[at]);
}

/** The list that arrived, where head and maps are the office's; `null` where they are not. `known`: the maps that the gate has. */
export async function readList(signed: SignedGateList, officeKey: string, known: GateMapBytes[] = []): Promise<GateList | null> {
  const head = await readHead(signed, officeKey);
  if (head === null) return null;
  const byDigest = new Map(await Promise.all(known.map(async (map) => [await digestOf(map), map] as const)));
  const maps = head.maps.map(({ blocks }, at) => applied(signed.maps[at] ?? {}, blocks, byDigest));
  return (await fit(head, maps)) ? { head, maps: maps as GateMapBytes[] } : null;
}

/** The list that the device kept, checked again; `null` where something of it was changed. */
export async function keptList(signed: SignedHead, officeKey: string, maps: GateMapBytes[]): Promise<GateList | null> {
  const head = await readHead(signed, officeKey);
  return head !== null && (await fit(head, maps)) ? { head, maps } : null;
}

/** Whether a pass counts no longer: its place has a worse colour now, or was given in an order that is not used any more. A pass of a
 *  period that the list does not know was issued after it, and is not revoked by it. */
function isRevoked(list: GateList, issuedAt: number, blocks: number, place: number, colour: number): boolean {
  const at = list.head.maps.findIndex(({ from, until }) => from <= issuedAt && issuedAt < until);
  const [head, map] = [list.head.maps[at], list.maps[at]];
  if (head === undefined || map === undefined || blocks > head.blocks) return false;
  if (blocks < head.blocks) return true;
  return colour < (((map[Math.trunc(place / PLACES_A_BYTE)] ?? 0) >> (2 * (place % PLACES_A_BYTE))) & 3);
}

/** The pass, or why the gate does not take it. `now` is the device's clock. */
export async function verify(text: string, list: GateList, now: number): Promise<Pass | Refusal> {
  const trimmed = text.trim();
  if (!trimmed.startsWith(HEAD)) return 'no_pass';
  const bytes = fromBase64(trimmed.slice(HEAD.length));
  if (bytes === null || bytes.length !== BODY + SIGNATURE || bytes[0] !== VERSION) return 'no_pass';
  const [body, signature] = [bytes.slice(0, BODY), bytes.slice(BODY)];
  const view = new DataView(body.buffer);
  const colour = COLOURS[view.getUint8(11)];
  if (colour === undefined) return 'no_pass';
  const issuedAt = view.getUint32(16) * MINUTE;
  const id = toHex(body.slice(1, 5));
  const key = list.head.keys.find((known) => known.from <= issuedAt && issuedAt < known.until && known.key.toLowerCase().startsWith(id));
  if (key === undefined) return 'unknown_key';
  if (!(await isSigned(fromHex(key.key), signature, joined(CONTEXT, body)))) return 'wrong_signature';
  const endsAt = issuedAt + view.getUint16(20) * MINUTE;
  if (issuedAt - now > AHEAD_MS_MAX) return 'not_yet';
  if (now >= endsAt) return 'over';
  if (isRevoked(list, issuedAt, view.getUint16(5), view.getUint32(7), view.getUint8(11))) return 'revoked';
  const negative = view.getUint32(12);
  return { colour, lastNegativeAt: negative === 0 ? null : negative * MINUTE, issuedAt, endsAt };
}
