import {
  type Instant,
  isTerminal,
  type Json,
  type PendingStep,
  type SnapshotFacts,
  snapshotFactsSchema,
  type SnapshotView,
} from '@throughline/contracts';
import {
  type CommitAt,
  executionIdOf,
  type ExecutionState,
  jsonBytes,
  pendingStepsOf,
  sha256Hex,
  stateFromJson,
  stateToJson,
} from '@throughline/execution';
import { stateHash } from './state-hash.ts';

/**
 * A state that is kept so that reading need not fold from the first commit: a cache. It carries a digest over all that
 * it says and the commit that it stands at, so that one that was changed, or that is of another log, shows.
 */
export interface KeptSnapshot {
  readonly facts: SnapshotFacts;
  /** The facts' and the state's very text, and the digest over both. */
  readonly factsText: string;
  readonly stateText: string;
  readonly digest: string;
}
/** Commits between two checkpoints of a history of usual length. */
export const CHECKPOINT_EVERY = 50;
/** Checkpoints of that reason that an execution keeps: of a longer history they stand further apart. */
const CHECKPOINTS_MAX = 64;
/** Names in a list of steps. */
const STEPS_MAX = 100;

/** How many commits apart the checkpoints of a history of this length are: every bound is a multiple of those of shorter ones. */
export const checkpointEvery = (commits: number): number => {
  let every = CHECKPOINT_EVERY;
  while (commits / every > CHECKPOINTS_MAX) every *= 2;
  return every;
};

/** Whether a commit leads to a place where a state is kept, and why. `every`: as above. */
export const checkpointReason = (
  before: ExecutionState,
  after: ExecutionState,
  every: number,
): SnapshotView['reason'] | undefined => {
  if (after.status !== 'none' && isTerminal(after.status) && after.end !== before.end) return 'end';
  if (before.pausedAt === null && after.pausedAt !== null) return 'pause';
  return after.version % every === 0 ? 'every_n' : undefined;
};

export const snapshotId = ({ type, version, event }: Pick<SnapshotView, 'type' | 'version' | 'event'>): string =>
  `${type}-${version}.${event}`;

export interface SnapshotPlace extends Pick<SnapshotView, 'type' | 'reason' | 'step'> {
  /** The state's last commit, or the one that it stands in. */
  readonly logged: CommitAt;
  /** When the command was decided that led there. */
  readonly at: Instant;
}

export const takeSnapshot = (state: ExecutionState, { logged, ...place }: SnapshotPlace): KeptSnapshot => {
  const json = stateToJson(state);
  const stateText = JSON.stringify(json);
  const { version, roundEvents: event } = state;
  const facts: SnapshotFacts = {
    id: snapshotId({ type: place.type, version, event }),
    executionId: executionIdOf(state.ref),
    ...place,
    version,
    event,
    status: state.status,
    steps: stepsOf(state),
    rules: state.rules,
    stateHash: stateHash(state),
    bytes: jsonBytes(json),
    seq: logged.seq,
    commitDigest: logged.commit.digest,
  };
  const factsText = JSON.stringify(facts);
  return { facts, factsText, stateText, digest: digestOf(state.ref.tenant, factsText, stateText) };
};

/** Over the tenant and both texts, a line each: neither text has a line break of its own. */
const digestOf = (tenant: string, factsText: string, stateText: string): string =>
  sha256Hex(`${tenant}\n${factsText}\n${stateText}`);

const stepsOf = (state: ExecutionState): SnapshotView['steps'] => {
  const open = pendingStepsOf(state);
  const completed = [...state.statesLeft.keys()].sort();
  const of = (kind: PendingStep['kind']) => open.filter((step) => step.kind === kind);
  const lists = { completed, pending: of('pending'), failed: of('failed') };
  const more = Object.values(lists).reduce((sum, list) => sum + Math.max(0, list.length - STEPS_MAX), 0);
  return {
    completed: lists.completed.slice(0, STEPS_MAX),
    pending: lists.pending.slice(0, STEPS_MAX),
    failed: lists.failed.slice(0, STEPS_MAX),
    more,
  };
};

export type Restored =
  | { readonly ok: true; readonly facts: SnapshotFacts; readonly state: ExecutionState }
  | { readonly ok: false; readonly problem: string };

/** What was kept, if it is what was kept: for the id of an execution of the tenant. */
export const restoreSnapshot = (
  { tenant, executionId, id }: { readonly tenant: string; readonly executionId: string; readonly id: string },
  kept: Pick<KeptSnapshot, 'factsText' | 'stateText' | 'digest'>,
): Restored => {
  if (digestOf(tenant, kept.factsText, kept.stateText) !== kept.digest)
    return wrong('it is not what its digest was made of');
  const facts = snapshotFactsSchema.safeParse(JSON.parse(kept.factsText));
  if (!facts.success) return wrong('another build wrote it');
  const { version, event } = facts.data;
  if (facts.data.executionId !== executionId || facts.data.id !== id) return wrong('it belongs elsewhere');
  const state = stateFromJson<ExecutionState>(JSON.parse(kept.stateText) as Json);
  if (state.version !== version || state.roundEvents !== event) return wrong('its state is of another commit');
  // Another build may read a state otherwise: then the hash of what it reads is another.
  if (stateHash(state) !== facts.data.stateHash) return wrong('its state has another hash');
  return { ok: true, facts: facts.data, state };
};

const wrong = (problem: string): Restored => ({ ok: false, problem });

export const snapshotViewOf = ({ seq: _seq, commitDigest: _digest, ...view }: SnapshotFacts): SnapshotView => view;
