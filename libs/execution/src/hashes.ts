import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AggregateRef, Json } from '@throughline/contracts';
import canonicalize from 'canonicalize';

// Every command and every step hashes a short text, so the hasher, its input and its output are kept and used again:
// together about half of what a fresh one costs.
const FRESH = sha256.create();
const scratchHasher = sha256.create();
const scratchText = new Uint8Array(1_024);
const scratchDigest = new Uint8Array(32);

/** The text's bytes, without a copy where it is short and plain ASCII. */
const bytesOf = (text: string): Uint8Array => {
  if (text.length > scratchText.length) return utf8ToBytes(text);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return utf8ToBytes(text);
    scratchText[i] = unit;
  }
  return scratchText.subarray(0, text.length);
};

export const sha256Hex = (text: string): string => {
  FRESH._cloneInto(scratchHasher).update(bytesOf(text)).digestInto(scratchDigest);
  return bytesToHex(scratchDigest);
};

/** sha256 of the RFC 8785 form: equal for equal values, whatever the order of their keys. */
export const canonicalHash = (value: Json): string => {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('not a JSON value');
  return sha256Hex(text);
};

/** A command's seed: fixed by its place on the log, so nobody chooses it and verification can recompute it. */
export const seedOf = (ref: AggregateRef, version: number, commandIndex: number): string =>
  sha256Hex(`${ref.aggregateId}.${version}.${commandIndex}`).slice(0, 32);

/** The nth number in [0, 1) that a seed gives: 52 bits, the most that a double holds evenly. */
export const random01 = (seed: string, n: number): number =>
  Number.parseInt(sha256Hex(`${seed}.${n}`).slice(0, 13), 16) / 2 ** 52;

/** Names derived from a place on the log are alike in every process, so a repeated effect is recognised as a repeat. */
export const derivedId = (...parts: readonly (string | number)[]): string => sha256Hex(parts.join('\n')).slice(0, 32);
