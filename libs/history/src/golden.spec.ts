import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  COMMIT_VERSIONS,
  executionEventSchema,
  lockEventSchema,
  type Json,
  parseCommit,
  replayEventSchema,
  RULES_VERSION,
  scheduleEventSchema,
  tenantEventSchema,
  workflowEventSchema,
} from '@throughline/contracts';
import { type AnyState, type CommitAt, DEFAULT_LIMITS, type Limits } from '@throughline/execution';
import { resolved } from '@throughline/execution/given-when-then';
import { fold } from './fold.ts';
import { GOLDEN_SCENARIOS, OF_OLDER_BUILDS } from './spec/golden-scenarios.ts';
import { verify } from './verify.ts';

/**
 * Histories as the first rules decided them. A golden log is never written again: when one of these tests fails, the
 * behaviour has changed, and the new one needs a new rules version beside the old.
 */
interface GoldenLog {
  readonly name: string;
  readonly definition?: Json;
  /** Of the versions after the first. */
  readonly versions?: readonly Json[];
  readonly limits?: Partial<Limits>;
  /** Where it led. Not a hash of the whole state: that may gain fields without any behaviour changing. */
  readonly end: Json;
  readonly log: readonly CommitAt[];
}

const endOf = (log: readonly CommitAt[]): Json => {
  const state = fold<AnyState>(log);
  if (!state) throw new Error('a log without commits');
  if ('end' in state) return { version: state.version, status: state.status, ...state.end };
  if ('versions' in state) return { version: state.version, hashes: state.versions.map(({ hash }) => hash) };
  if ('policies' in state) return { version: state.version, policies: Object.keys(state.policies) };
  if ('spec' in state) return { version: state.version, status: state.status, past: state.past as unknown as Json }; // JSON only
  if ('queue' in state) return { version: state.version, holder: state.holder?.execution ?? null };
  const { session } = state;
  return { version: state.version, verdict: session?.status === 'completed' ? session.result.verdict : null };
};

/** As a reader of the log gets them: what an older build wrote is brought to today's form. */
const readAt = ({ commit, seq }: CommitAt): CommitAt => {
  const parsed = parseCommit(commit);
  if (parsed.kind !== 'commit') throw new Error(`sequence ${seq} cannot be read`);
  return parsed.asWritten === undefined ? { commit, seq } : { ...parsed, seq };
};

const FOLDER = join(import.meta.dirname, '..', 'golden', String(RULES_VERSION));

// Only adds logs that are missing: `THROUGHLINE_WRITE_GOLDEN=1 jest libs/history`.
if (process.env.THROUGHLINE_WRITE_GOLDEN === '1') {
  for (const { play, ...scenario } of GOLDEN_SCENARIOS) {
    const file = join(FOLDER, `${scenario.name}.json`);
    const log = play();
    const golden: GoldenLog = { ...scenario, end: endOf(log), log };
    if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
  }
}

const GOLDEN: readonly GoldenLog[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as GoldenLog)
  .map((golden) => ({ ...golden, log: golden.log.map(readAt) }));

describe.each(GOLDEN.map((golden) => [golden.name, golden] as const))('golden log %s', (_name, golden) => {
  const machine = golden.definition === undefined ? undefined : resolved(golden.definition);
  const later = (golden.versions ?? []).map((definition, i) => resolved(definition, 'example', i + 2));
  const machineOf = (_name: string, version: number) => later[version - 2] ?? machine;

  test('is decided again to the same bytes', () => {
    const limits = { ...DEFAULT_LIMITS, ...golden.limits };
    expect(verify(golden.log, machineOf, limits)).toEqual({
      verdict: 'identical',
      commits: golden.log.length,
      events: golden.log.reduce((sum, { commit }) => sum + commit.events.length, 0),
      matchPercent: 100,
    });
  });

  test('folds to the same end', () => {
    expect(endOf(golden.log)).toEqual(golden.end);
  });

  test('is read by the schema of today without a byte changed, but what an older build wrote', () => {
    for (const { commit, asWritten } of golden.log) {
      const parsed = parseCommit(commit);
      expect(parsed.kind === 'commit' && JSON.stringify(parsed.commit)).toBe(JSON.stringify(commit));
      const isOlder = asWritten !== undefined && (asWritten as { v: number }).v < COMMIT_VERSIONS[commit.aggregate];
      expect(isOlder).toBe(OF_OLDER_BUILDS.includes(golden.name));
    }
  });
});

describe('the golden logs together', () => {
  const held = new Set(GOLDEN.flatMap(({ log }) => log.flatMap(({ commit }) => commit.events.map(({ type }) => type))));
  const known = [
    executionEventSchema,
    workflowEventSchema,
    replayEventSchema,
    tenantEventSchema,
    scheduleEventSchema,
    lockEventSchema,
  ].flatMap((schema) => schema.options.map((option) => option.shape.type.value));

  test('hold every event type', () => {
    expect(known.filter((type) => !held.has(type))).toEqual([]);
  });

  test('are those of the scenarios', () => {
    const names = [...GOLDEN_SCENARIOS.map(({ name }) => name), ...OF_OLDER_BUILDS];
    expect(GOLDEN.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  test('hold a commit of every version that any build ever wrote', () => {
    const versionsOf = (aggregate: string): number[] => [
      ...new Set(
        GOLDEN.flatMap(({ log }) => log)
          .filter(({ commit }) => commit.aggregate === aggregate)
          .map(({ commit, asWritten }) => ((asWritten ?? commit) as { v: number }).v),
      ),
    ];
    for (const [aggregate, latest] of Object.entries(COMMIT_VERSIONS)) {
      const every = Array.from({ length: latest }, (_none, i) => i + 1);
      expect([aggregate, versionsOf(aggregate).sort()]).toEqual([aggregate, every]);
    }
  });
});
