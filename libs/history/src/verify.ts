import {
  type Commit,
  type Divergence,
  isJsonObject,
  type Json,
  parseCommit,
  type ReplayVerdict,
  RULES_VERSION,
} from '@throughline/contracts';
import {
  type AnyState,
  type CommitAt,
  DEFAULT_LIMITS,
  decideRound,
  deciderOf,
  foldCommit,
  type Limits,
  type ResolvedMachine,
  seedOf,
} from '@throughline/execution';
import { firstDifference } from './json-difference.ts';
import { commitDigest } from './state-hash.ts';

/** Finds a registered version again; undefined where the log does not have it. */
export type ResolveMachine = (name: string, version: number) => ResolvedMachine | undefined;

interface Verification {
  readonly resolveMachine: ResolveMachine;
  readonly limits: Limits;
  /** Before the commit that is looked at; undefined once the history cannot be folded any further. */
  state: AnyState | undefined;
  previous: CommitAt | undefined;
  events: number;
  matched: number;
  firstDivergence: Divergence | undefined;
}

/**
 * Whether one aggregate's history is what its commands lead to: every commit is intact and in its place, and deciding
 * its recorded commands again on a fresh fold gives the recorded events byte for byte. `expected` is what checking
 * computes, `actual` what the log holds.
 */
export const verify = (
  commits: readonly CommitAt[],
  resolveMachine: ResolveMachine,
  limits: Limits = DEFAULT_LIMITS,
): ReplayVerdict => {
  const steps = verifyInSteps(commits, resolveMachine, limits);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

/** The same, handing control back after every commit: a process that does other things too need not stand still for a long history. */
export function* verifyInSteps(
  commits: readonly CommitAt[],
  resolveMachine: ResolveMachine,
  limits: Limits = DEFAULT_LIMITS,
): Generator<void, ReplayVerdict, void> {
  const first = commits[0];
  const verification: Verification = {
    resolveMachine,
    limits,
    state: first && initialState(first.commit),
    previous: undefined,
    events: 0,
    matched: 0,
    firstDivergence: undefined,
  };
  for (const [i, logged] of commits.entries()) {
    verifyCommit(verification, logged, i + 1);
    yield;
  }
  const { events, matched, firstDivergence } = verification;
  return {
    verdict: firstDivergence ? 'divergent' : 'identical',
    commits: commits.length,
    events,
    // Rounded down, so that 100 always means all.
    matchPercent: events === 0 ? (firstDivergence ? 0 : 100) : Math.floor((10_000 * matched) / events) / 100,
    ...(firstDivergence ? { firstDivergence } : {}),
  };
}

const initialState = (commit: Commit): AnyState | undefined => {
  const { tenant, aggregate, aggregateId } = commit;
  try {
    return deciderOf(aggregate).initial({ tenant, aggregate, aggregateId });
  } catch {
    return undefined; // no aggregate of that name is decided: the schema check below says so
  }
};

const diverge = (verification: Verification, divergence: Divergence): void => {
  verification.firstDivergence ??= divergence;
};

const expectEqual = (
  verification: Verification,
  commit: number,
  pointer: string,
  reason: string,
  expected: Json,
  actual: Json,
): void => {
  if (!Object.is(expected, actual)) diverge(verification, { commit, pointer, expected, actual, reason });
};

const verifyCommit = (verification: Verification, logged: CommitAt, version: number): void => {
  const parsed = parseCommit(logged.commit);
  if (parsed.kind !== 'commit') {
    const reason = parsed.kind === 'malformed' ? `not a commit: ${parsed.problem}` : 'a commit of an unknown version';
    diverge(verification, { commit: version, pointer: '', expected: null, actual: null, reason });
    verification.events += eventCount(logged.commit);
    verification.state = undefined;
    return;
  }
  const { commit } = logged;
  verification.events += commit.events.length;
  verifyEnvelope(verification, logged, version);
  verifyInputs(verification, commit, version);
  decideAgain(verification, commit, version);
  verification.state = foldOn(verification, logged, version);
  verification.previous = logged;
};

const eventCount = (commit: unknown): number =>
  isJsonObject(commit as Json) && Array.isArray((commit as { events?: unknown }).events)
    ? (commit as { events: unknown[] }).events.length
    : 0;

/** Digest, version chain, sequence chain, identity. */
const verifyEnvelope = (verification: Verification, { commit }: CommitAt, version: number): void => {
  const { previous } = verification;
  const check = (pointer: string, reason: string, expected: Json, actual: Json): void =>
    expectEqual(verification, version, pointer, reason, expected, actual);
  check('/digest', 'the commit is not what its digest was made of', commitDigest(commit), commit.digest);
  check('/version', 'the versions do not follow each other', version, commit.version);
  check('/prevSeq', 'it does not follow the commit before it on the log', previous?.seq ?? 0, commit.prevSeq);
  const ref = verification.state?.ref;
  if (ref) {
    check('/tenant', 'it belongs to another tenant', ref.tenant, commit.tenant);
    check('/aggregate', 'it belongs to another aggregate', ref.aggregate, commit.aggregate);
    check('/aggregateId', 'it belongs to another aggregate', ref.aggregateId, commit.aggregateId);
  }
  check('/rules', 'it was decided by rules that this build does not have', RULES_VERSION, commit.rules);
};

/** What decide was given beside the bodies: the seeds by their rule, the times in order. */
const verifyInputs = (verification: Verification, commit: Commit, version: number): void => {
  let lastAt = verification.state?.lastAt ?? '';
  commit.commands.forEach((command, i) => {
    const seed = seedOf(commit, version, i);
    expectEqual(verification, version, `/commands/${i}/seed`, 'not the seed of its place', seed, command.seed);
    if (command.at < lastAt) {
      diverge(verification, {
        commit: version,
        pointer: `/commands/${i}/at`,
        expected: lastAt,
        actual: command.at,
        reason: 'time goes back',
      });
    }
    lastAt = command.at;
  });
};

const decideAgain = (verification: Verification, commit: Commit, version: number): void => {
  const { state, limits } = verification;
  if (!state) return;
  const pending = commit.commands.map(({ at, seed: _seed, events: _events, ...command }) => ({ command, at }));
  const meta = { commitId: commit.id, limits, machineOf: machineFor(verification, commit) };
  let again: Commit | undefined;
  try {
    // The casts join a state with the decider and the commands of its own aggregate, which the schema has checked.
    again = decideRound(deciderOf<AnyState>(state.ref.aggregate) as never, state, pending as never, meta as never)
      .draft as Commit | undefined;
  } catch (thrown) {
    const reason = `deciding again failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    return diverge(verification, { commit: version, pointer: '', expected: null, actual: null, reason });
  }
  compareEvents(verification, commit, again, version);
  compareCommands(verification, commit, again, version);
};

/** The version that a start resolved is read from its own event: what was the latest then need not be it today. */
const machineFor =
  ({ resolveMachine }: Verification, commit: Commit) =>
  (state: AnyState): ResolvedMachine | undefined => {
    if (state.ref.aggregate !== 'execution') return undefined;
    const pinned = 'start' in state ? state.start?.workflow : undefined;
    const starting = commit.events.find((event) => event.type === 'ExecutionStarted');
    const workflow = pinned ?? starting?.workflow;
    return workflow && resolveMachine(workflow.name, workflow.version);
  };

const asJson = (value: unknown): Json => (value === undefined ? null : (value as Json)); // commits hold JSON only

const compareEvents = (
  verification: Verification,
  commit: Commit,
  again: Commit | undefined,
  version: number,
): void => {
  const expected = again?.events ?? [];
  for (let i = 0; i < Math.max(expected.length, commit.events.length); i += 1) {
    if (JSON.stringify(expected[i]) === JSON.stringify(commit.events[i])) {
      verification.matched += 1;
      continue;
    }
    const difference = firstDifference(asJson(expected[i]), asJson(commit.events[i]));
    diverge(verification, {
      commit: version,
      event: i,
      pointer: difference?.pointer ?? '',
      expected: difference?.expected ?? null,
      actual: difference?.actual ?? null,
      reason: 'deciding again gives another event',
    });
  }
};

const compareCommands = (
  verification: Verification,
  commit: Commit,
  again: Commit | undefined,
  version: number,
): void => {
  const difference =
    firstDifference(asJson(again?.commands), asJson(commit.commands), '/commands') ??
    firstDifference(asJson(again?.correlationId), commit.correlationId, '/correlationId');
  if (!difference) return;
  const { pointer, expected, actual } = difference;
  diverge(verification, { commit: version, pointer, expected, actual, reason: 'deciding again gives another record' });
};

/** Goes on from what is recorded, so that one wrong commit does not make every later one look wrong. */
const foldOn = (verification: Verification, logged: CommitAt, version: number): AnyState | undefined => {
  if (!verification.state) return undefined;
  try {
    return foldCommit(verification.state, logged);
  } catch (thrown) {
    const reason = `it cannot be folded: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    diverge(verification, { commit: version, pointer: '', expected: null, actual: null, reason });
    return undefined;
  }
};
