/** Random numbers and UUIDs made of drawn numbers, and those that a seed written in a definition asks for. */

const MULTIPLIER = 0x5_deec_e66dn;
const MASK = (1n << 48n) - 1n;

/** The generator that AWS seeds (the one of java.util.Random), so that a seed gives here what it gives there. */
export class SeededChance {
  private state: bigint;
  constructor(seed: number) {
    this.state = (BigInt(Math.trunc(seed)) ^ MULTIPLIER) & MASK;
  }

  private bits(count: number): number {
    this.state = (this.state * MULTIPLIER + 0xbn) & MASK;
    return Number(this.state >> BigInt(48 - count));
  }

  /** In [0, 1). */
  double(): number {
    const high = this.bits(26);
    return (high * 2 ** 27 + this.bits(27)) / 2 ** 53;
  }

  /** In [0, bound); `bound` from 1 to 2^31 - 1. */
  below(bound: number): number {
    if ((bound & (bound - 1)) === 0) return Math.floor((bound * this.bits(31)) / 2 ** 31);
    // A draw from the last, incomplete stretch would favour small numbers. More than half of all draws are good.
    for (;;) {
      const draw = this.bits(31);
      const value = draw % bound;
      if (draw - value + (bound - 1) < 2 ** 31) return value;
    }
  }
}

/** A version 4 UUID of eight drawn numbers, 16 bits each. */
export const uuidOf = (random01: () => number): string => {
  const words = Array.from({ length: 8 }, () => Math.floor(random01() * 0x1_0000));
  words[3] = ((words[3] ?? 0) & 0x0fff) | 0x4000;
  words[4] = ((words[4] ?? 0) & 0x3fff) | 0x8000;
  const hex = words.map((word) => word.toString(16).padStart(4, '0'));
  return [hex.slice(0, 2), hex.slice(2, 3), hex.slice(3, 4), hex.slice(4, 5), hex.slice(5)]
    .map((group) => group.join(''))
    .join('-');
};
