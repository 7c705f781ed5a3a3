import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** UTF-8, Base64 and digests of texts: by arithmetic, since pure code has no Buffer. */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES: ReadonlyMap<string, number> = new Map([...DIGITS].map((digit, value) => [digit, value]));

export const base64Of = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += (DIGITS[bits >> 18] ?? '') + (DIGITS[(bits >> 12) & 63] ?? '');
    text += (left > 1 ? DIGITS[(bits >> 6) & 63] : '=') ?? '';
    text += (left > 2 ? DIGITS[bits & 63] : '=') ?? '';
  }
  return text;
};

/** Undefined where the text is no Base64. Padding may be left out. */
export const bytesOfBase64 = (text: string): Uint8Array | undefined => {
  const digits = text.replace(/={1,2}$/, '');
  if (digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let [bits, count, at] = [0, 0, 0];
  for (const digit of digits) {
    const value = VALUES.get(digit);
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xff_ffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[at++] = (bits >> count) & 0xff;
  }
  return bytes;
};

export const utf8BytesOf = (text: string): Uint8Array => utf8ToBytes(text);

const REPLACEMENT = '\ufffd';
/** By the first byte: how many follow, the bits it gives, and the least code point that needs so many. */
const leadOf = (byte: number): readonly [following: number, bits: number, least: number] | undefined => {
  if (byte < 0x80) return [0, byte, 0];
  if (byte >= 0xc2 && byte < 0xe0) return [1, byte & 0x1f, 0x80];
  if (byte >= 0xe0 && byte < 0xf0) return [2, byte & 0x0f, 0x800];
  if (byte >= 0xf0 && byte < 0xf5) return [3, byte & 0x07, 0x1_0000];
  return undefined;
};

/** What is no UTF-8 becomes U+FFFD, byte by byte. */
export const textOfUtf8 = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 1) {
    const [following, lead, least] = leadOf(bytes[i] ?? 0) ?? [0, -1, 0];
    const rest = bytes.subarray(i + 1, i + 1 + following);
    const point = rest.reduce(
      (bits, byte) => ((byte & 0xc0) === 0x80 && bits >= 0 ? bits * 64 + (byte & 0x3f) : -1),
      lead,
    );
    const isCharacter =
      rest.length === following && point >= least && point <= 0x10_ffff && !(point >= 0xd800 && point < 0xe000);
    text += isCharacter ? String.fromCodePoint(point) : REPLACEMENT;
    if (isCharacter) i += following;
  }
  return text;
};

const DIGESTS = { MD5: md5, 'SHA-1': sha1, 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 } as const;
export type DigestName = keyof typeof DIGESTS;
export const DIGEST_NAMES: readonly string[] = Object.keys(DIGESTS);
export const isDigestName = (name: string): name is DigestName => Object.hasOwn(DIGESTS, name);

/** In hexadecimal, of the text in UTF-8. */
export const digestOf = (name: DigestName, text: string): string => bytesToHex(DIGESTS[name](utf8ToBytes(text)));
