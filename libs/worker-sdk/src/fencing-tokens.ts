/** Fencing tokens on the way to the assets, and what an asset does with them. */

/** Every asset that the step has locked: `pump-1=42, Tank%207=3`, names percent-encoded. */
export const FENCING_TOKENS_HEADER = 'throughline-fencing-tokens';

export const fencingHeaders = (tokens: Readonly<Record<string, number>>): Readonly<Record<string, string>> => {
  const entries = Object.entries(tokens);
  if (entries.length === 0) return {};
  const text = entries.map(([asset, token]) => `${encodeURIComponent(asset)}=${token}`).join(', ');
  return { [FENCING_TOKENS_HEADER]: text };
};

/** The token for one asset, read off such a header; undefined where the header names it not, or wrongly. */
export const fencingTokenFor = (header: string | undefined, asset: string): number | undefined => {
  const name = encodeURIComponent(asset);
  for (const part of (header ?? '').split(',')) {
    const [key, token = ''] = part.trim().split('=');
    if (key === name && /^[1-9][0-9]{0,15}$/.test(token)) return Number(token);
  }
  return undefined;
};

/**
 * What an asset keeps in front of itself: of each asset the highest token seen. A worker that was taken for dead, and goes
 * on, comes with a lower one. In one process; an asset of several keeps the highest token beside its own data.
 */
export class FencingGate {
  readonly #highest = new Map<string, number>();

  /** Whether whoever comes with this token may act on the asset. */
  admits(asset: string, token: number): boolean {
    const highest = this.#highest.get(asset) ?? 0;
    if (token < highest) return false;
    this.#highest.set(asset, token);
    return true;
  }
}
