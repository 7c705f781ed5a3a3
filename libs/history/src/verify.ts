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
  walkCommit,
  type WalkedEvent,
} from '@throughline/execution';
import { firstDifference } from './json-difference.ts';
import { commitDigest } from './state-hash.ts';

/** Finds a registered version again; undefined where the log does not have it. */
export type ResolveMachine = (name: string, version: number) => ResolvedMachine | undefined;

export interface VerifyOptions {
  readonly limits?: Limits;
  /** Commits that it says no to are checked and folded, but not decided again. All are without it. */
  readonly decides?: (version: number) => boolean;
  /** Whoever read the commits has compared the digests with the very bytes: they are not computed again. */
  readonly digestsChecked?: boolean;
  readonly onCommit?: (verified: VerifiedCommit) => void;
}

/** One commit that was looked at, with what deciding it again has made of its events. */
export interface VerifiedCommit {
  readonly version: number;
  readonly commit: Commit;
  /** Undefined where the history could not be folded so far. */
  readonly before: AnyState | undefined;
  readonly decided: boolean;
  /** By the index of the event; -1: the commit itself. */
  readonly differences: ReadonlyMap<number, Divergence>;
  readonly walked: readonly WalkedEvent<AnyState>[];
}

/** One aggregate's verification under way: it takes commit after commit. */
export interface Verification {
  readonly resolveMachine: ResolveMachine;
  readonly options: VerifyOptions;
  /** Before the commit that is looked at; undefined once the history cannot be folded any further. */
  state: AnyState | undefined;
  /** The last commit that was looked at. */
  version: number;
  previousSeq: number;
  commits: number;
  events: number;
  matched: number;
  firstDivergence: Divergence | undefined;
  differences: Map<number, Divergence>;
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
  const steps = verifyInSteps(commits, resolveMachine, { limits });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

/** The same, handing control back after every commit: a process that does other things too need not stand still for a long history. */
export function* verifyInSteps(
  commits: readonly CommitAt[],
  resolveMachine: ResolveMachine,
  options: VerifyOptions = {},
): Generator<void, ReplayVerdict, void> {
  const verification = beginVerification(resolveMachine, options);
  for (const logged of commits) {
    verifyNext(verification, logged);
    yield;
  }
  return verdictOf(verification);
}

/** `after`: the state that a verified part of the history led to, to go on from there. */
export const beginVerification = (
  resolveMachine: ResolveMachine,
  options: VerifyOptions = {},
  after?: AnyState,
): Verification => ({
  resolveMachine,
  options,
  state: after,
  version: after?.version ?? 0,
  previousSeq: after?.seq ?? 0,
  commits: 0,
  events: 0,
  matched: 0,
  firstDivergence: undefined,
  differences: new Map(),
});

/** Takes the next commit; true where it is what it has to be. */
export const verifyNext = (verification: Verification, logged: CommitAt): boolean => {
  verification.version += 1;
  verification.differences = new Map();
  if (verification.version === 1) verification.state = initialState(logged.commit);
  verifyCommit(verification, logged, verification.version);
  verification.previousSeq = logged.seq;
  return verification.differences.size === 0;
};

export const verdictOf = ({ commits, events, matched, firstDivergence }: Verification): ReplayVerdict => ({
  verdict: firstDivergence ? 'divergent' : 'identical',
  commits,
  events,
  // Rounded down, so that 100 always means all.
  matchPercent: events === 0 ? (firstDivergence ? 0 : 100) : Math.floor((10_000 * matched) / events) / 100,
  ...(firstDivergence ? { firstDivergence } : {}),
});

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
  const index = divergence.event ?? -1;
  if (!verification.differences.has(index)) verification.differences.set(index, divergence);
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
  const decided = verification.options.decides?.(version) ?? true;
  const read = readCommit(verification, logged, version, decided);
  if (!read) return;
  const { commit, written } = read;
  const before = verification.state;
  verifyEnvelope(verification, commit, written, version);
  verifyInputs(verification, commit, version);
  if (decided) {
    verification.commits += 1;
    verification.events += commit.events.length;
    decideAgain(verification, commit, version);
  }
  const walked: WalkedEvent<AnyState>[] = [];
  verification.state = foldOn(verification, { commit, seq: logged.seq }, version, walked);
  const { differences } = verification;
  verification.options.onCommit?.({ version, commit, before, decided, differences, walked });
};

/** The bytes as they were written are compared; what an older build wrote is decided in today's form. */
const readCommit = (
  verification: Verification,
  { commit, asWritten }: CommitAt,
  version: number,
  decided: boolean,
): { commit: Commit; written: unknown } | undefined => {
  // Whoever checked the digests has parsed the bytes, too.
  if (verification.options.digestsChecked) return { commit, written: asWritten ?? commit };
  const written = asWritten ?? commit;
  const parsed = parseCommit(written);
  if (parsed.kind === 'commit') {
    return { commit: parsed.asWritten === undefined ? commit : parsed.commit, written };
  }
  const reason = parsed.kind === 'malformed' ? `not a commit: ${parsed.problem}` : 'a commit of an unknown version';
  diverge(verification, { commit: version, pointer: '', expected: null, actual: null, reason });
  if (decided) {
    verification.commits += 1;
    verification.events += eventCount(written);
  }
  verification.state = undefined;
  return undefined;
};

const eventCount = (commit: unknown): number =>
  isJsonObject(commit as Json) && Array.isArray((commit as { events?: unknown }).events)
    ? (commit as { events: unknown[] }).events.length
    : 0;

/** Digest, version chain, sequence chain, identity. */
const verifyEnvelope = (verification: Verification, commit: Commit, written: unknown, version: number): void => {
  const check = (pointer: string, reason: string, expected: Json, actual: Json): void =>
    expectEqual(verification, version, pointer, reason, expected, actual);
  if (!verification.options.digestsChecked) {
    check('/digest', 'the commit is not what its digest was made of', commitDigest(written), commit.digest);
  }
  check('/version', 'the versions do not follow each other', version, commit.version);
  check('/prevSeq', 'it does not follow the commit before it on the log', verification.previousSeq, commit.prevSeq);
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
  const { state } = verification;
  const limits = verification.options.limits ?? DEFAULT_LIMITS;
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
  (state: AnyState, command: { readonly type: string; readonly body: unknown }): ResolvedMachine | undefined => {
    if (state.ref.aggregate !== 'execution') return undefined;
    const pinned = 'start' in state ? state.start?.workflow : undefined;
    const starting = commit.events.find((event) => event.type === 'ExecutionStarted');
    const workflow = pinned ?? starting?.workflow;
    return workflow && resolveMachine(workflow.name, versionMovedTo(command) ?? workflow.version);
  };

/** A move is decided by the version that it leads to. */
const versionMovedTo = ({ type, body }: { readonly type: string; readonly body: unknown }): number | undefined => {
  const version = type === 'MigrateExecution' ? (body as { version?: unknown }).version : undefined; // checked by the commit's schema
  return typeof version === 'number' ? version : undefined;
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
      reason:
        difference?.pointer === '/workflow/hash'
          ? 'it was decided by another definition than the log has'
          : 'deciding again gives another event',
    });
  }
};

const compareCommands = (
  verification: Verification,
  commit: Commit,
  again: Commit | undefined,
  version: number,
): void => {
  // Nearly always so, and much cheaper to see.
  if (
    again?.correlationId === commit.correlationId &&
    JSON.stringify(again.commands) === JSON.stringify(commit.commands)
  ) {
    return;
  }
  const difference =
    firstDifference(asJson(again?.commands), asJson(commit.commands), '/commands') ??
    firstDifference(asJson(again?.correlationId), commit.correlationId, '/correlationId');
  if (!difference) return;
  const { pointer, expected, actual } = difference;
  diverge(verification, { commit: version, pointer, expected, actual, reason: 'deciding again gives another record' });
};

/** Goes on from what is recorded, so that one wrong commit does not make every later one look wrong. */
const foldOn = (
  verification: Verification,
  logged: CommitAt,
  version: number,
  walked: WalkedEvent<AnyState>[],
): AnyState | undefined => {
  if (!verification.state) return undefined;
  try {
    return verification.options.onCommit
      ? walkCommit(verification.state, logged, (event) => walked.push(event))
      : foldCommit(verification.state, logged);
  } catch (thrown) {
    const reason = `it cannot be folded: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    diverge(verification, { commit: version, pointer: '', expected: null, actual: null, reason });
    return undefined;
  }
};
