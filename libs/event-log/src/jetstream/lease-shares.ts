/** Pure part of sharing: who may have how many, and which ones to take or to give up. */

/** What one process knows of a part. */
export interface PartSeen {
  readonly part: number;
  /** Undefined where it was never taken, was given back, or its owner was not heard of for the length of a lease. */
  readonly owner: string | undefined;
}

export interface SharePlan {
  readonly take: readonly number[];
  readonly giveUp: readonly number[];
}

/** As even as whole numbers allow. Who has more already is the one to have one more: as little as possible changes hands. */
const quotasOf = (members: readonly string[], seen: readonly PartSeen[]): ReadonlyMap<string, number> => {
  const has = (member: string): number => seen.filter(({ owner }) => owner === member).length;
  const ranked = [...members].sort((a, b) => has(b) - has(a) || (a < b ? -1 : 1));
  const [each, over] = [Math.floor(seen.length / ranked.length), seen.length % ranked.length];
  return new Map(ranked.map((member, rank) => [member, each + (rank < over ? 1 : 0)]));
};

/**
 * Takes what is free up to the quota, and gives up what is above it: quotas add up to the number of parts, so whoever has
 * too few finds what the others gave up. Members begin at different places, so that they seldom reach for the same part.
 */
export const planShare = (self: string, others: readonly string[], seen: readonly PartSeen[]): SharePlan => {
  const members = [...new Set([...others, self])].sort();
  const quota = quotasOf(members, seen).get(self) ?? 0;
  const mine = seen.filter(({ owner }) => owner === self);
  const free = seen.filter(({ owner }) => owner === undefined);
  const from = free.length === 0 ? 0 : (members.indexOf(self) * quota) % free.length;
  const rotated = [...free.slice(from), ...free.slice(0, from)];
  const partsOf = (parts: readonly PartSeen[]): readonly number[] => parts.map(({ part }) => part);
  return { take: partsOf(rotated).slice(0, Math.max(0, quota - mine.length)), giveUp: partsOf(mine).slice(quota) };
};
