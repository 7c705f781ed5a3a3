import { replayCommitFrom1 } from './replay-commit-from-1.ts';
import type { Upcaster } from './upcaster.ts';

/** By aggregate and the version that a commit was written in: each leads to the next version. */
const UPCASTERS: Readonly<Record<string, Readonly<Record<number, Upcaster>>>> = {
  replay: { 1: replayCommitFrom1 },
};

export type Upcast =
  | { readonly kind: 'commit'; readonly json: object }
  | { readonly kind: 'unknown-version'; readonly version: unknown }
  | { readonly kind: 'malformed'; readonly problem: string };

/** The commit in today's form, the same object where it has that already. `versions`: today's, by aggregate. */
export const upcastCommit = (stored: object, versions: Readonly<Record<string, number>>): Upcast => {
  const written = 'v' in stored ? stored.v : undefined;
  const aggregate = 'aggregate' in stored && typeof stored.aggregate === 'string' ? stored.aggregate : '';
  // What nobody knows is for the schema to refuse.
  const today = Object.hasOwn(versions, aggregate) ? versions[aggregate] : 1;
  if (written === today) return { kind: 'commit', json: stored };
  const byVersion = Object.hasOwn(UPCASTERS, aggregate) ? UPCASTERS[aggregate] : undefined;
  let json = stored;
  for (let version = written; version !== today;) {
    const upcaster = typeof version === 'number' ? byVersion?.[version] : undefined;
    if (typeof version !== 'number' || !upcaster) return { kind: 'unknown-version', version: written };
    const next = upcaster(json);
    if (next.kind === 'malformed') return next;
    json = { ...next.json, v: version + 1 };
    version += 1;
  }
  return { kind: 'commit', json };
};
