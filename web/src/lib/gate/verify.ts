/** What a gate makes of a status code, without a network: the same as `gate::verify` of the server, byte for byte. */

import { verifyAsync } from '@noble/ed25519';

import { fromHex, toHex } from '../lane/keys';

export interface GateKey {
  key: string;
  from: number;
  until: number;
}

/** What a gate fetched while it had a network. */
export interface GateList {
  format: string;
  jurisdiction: number;
  at: number;
  keys: GateKey[];
  revoked: string;
}

/** A list as it travels. */
export interface SignedGateList {
  list: string;
  signature: string;
  key: string;
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

const FORMAT = 'outpace-gate-list/1';
const HEAD = 'OPS1.';
const CONTEXT = new TextEncoder().encode('outpace status pass 1');
const BODY = 24;
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

/** The list, where it is signed with the office's key; `null` where it is not. */
export async function readList(signed: SignedGateList, officeKey: string): Promise<GateList | null> {
  if (signed.key.toLowerCase() !== officeKey.toLowerCase()) return null;
  const text = new TextEncoder().encode(signed.list) as Bytes;
  if (!(await isSigned(fromHex(signed.key), fromHex(signed.signature), text))) return null;
  const list = JSON.parse(signed.list) as GateList;
  return list.format === FORMAT ? list : null;
}

function isRevoked(list: GateList, alias: string): boolean {
  let [low, high] = [0, list.revoked.length / 16];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = list.revoked.slice(16 * middle, 16 * middle + 16);
    if (row === alias) return true;
    if (row < alias) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** The pass, or why the gate does not take it. `now` is the device's clock. */
export async function verify(text: string, list: GateList, now: number): Promise<Pass | Refusal> {
  const trimmed = text.trim();
  if (!trimmed.startsWith(HEAD)) return 'no_pass';
  const bytes = fromBase64(trimmed.slice(HEAD.length));
  if (bytes === null || bytes.length !== BODY + SIGNATURE || bytes[0] !== 1) return 'no_pass';
  const [body, signature] = [bytes.slice(0, BODY), bytes.slice(BODY)];
  const view = new DataView(body.buffer);
  const colour = COLOURS[view.getUint8(13)];
  if (colour === undefined) return 'no_pass';
  const issuedAt = view.getUint32(18) * MINUTE;
  const id = toHex(body.slice(1, 5));
  const key = list.keys.find((known) => known.from <= issuedAt && issuedAt < known.until && known.key.toLowerCase().startsWith(id));
  if (key === undefined) return 'unknown_key';
  if (!(await isSigned(fromHex(key.key), signature, joined(CONTEXT, body)))) return 'wrong_signature';
  const endsAt = issuedAt + view.getUint16(22) * MINUTE;
  if (issuedAt - now > AHEAD_MS_MAX) return 'not_yet';
  if (now >= endsAt) return 'over';
  if (isRevoked(list, toHex(body.slice(5, 13)))) return 'revoked';
  const negative = view.getUint32(14);
  return { colour, lastNegativeAt: negative === 0 ? null : negative * MINUTE, issuedAt, endsAt };
}
