/** Keys of the sheet at work: records are signed, identities sealed for the office. All of it by the browser's own
 *  cryptography, which needs https or the device itself as the server. */

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

import type { SealedBox, SignedSheet, Told } from './model';

const INFO = 'outpace lane record 1';
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

export const toHex = (data: ArrayBuffer | Uint8Array): string =>
  Array.from(data instanceof Uint8Array ? data : new Uint8Array(data), (byte) => byte.toString(16).padStart(2, '0')).join('');

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(text.length >> 1);
  for (let index = 0; index < out.length; index += 1) out[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  return out;
}

/** Whether this page may use keys at all: only over https, or where the server is this device. */
export const canSeal = (): boolean => typeof crypto !== 'undefined' && crypto.subtle !== undefined;

async function hmac(key: string, text: string): Promise<ArrayBuffer> {
  const hash = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', fromHex(key), hash, false, ['sign']);
  return crypto.subtle.sign('HMAC', imported, bytes(text));
}

/** The signature of a record's text under the sheet's key. */
export const recordMac = async (key: string, text: string): Promise<string> => toHex(await hmac(key, text));

/** The mark of an identity number on a sheet; never 0. */
export async function numberMark(key: string, number: string): Promise<number> {
  return Math.max(1, new DataView(await hmac(key, number)).getUint16(0));
}

/** Seals an identity for the office, bound to its record. */
export async function seal(key: string, sheet: number, device: string, counter: number, told: Told): Promise<SealedBox> {
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const office = await suite.kem.deserializePublicKey(fromHex(key).buffer);
  const sender = await suite.createSenderContext({ recipientPublicKey: office, info: bytes(INFO).buffer });
  const bound = bytes(`${sheet}|${device}|${counter}`).buffer;
  const text = await sender.seal(bytes(JSON.stringify(told)).buffer, bound);
  return { key: toHex(sender.enc), text: toHex(text) };
}

/** Whether the sheet is signed by the office's key; `null` where the browser cannot tell. */
export async function isOffices(signed: SignedSheet, officeKey: string | null): Promise<boolean | null> {
  if (officeKey !== null && signed.key.toLowerCase() !== officeKey.toLowerCase()) return false;
  try {
    const key = await crypto.subtle.importKey('raw', fromHex(signed.key), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, fromHex(signed.signature), bytes(signed.sheet));
  } catch {
    return null;
  }
}
