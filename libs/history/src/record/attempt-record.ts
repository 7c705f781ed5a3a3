import {
  type AnswerFromRecord,
  assertNever,
  type AttemptToken,
  type EffectClass,
  type ExecutionEvent,
  executionRef,
  type Json,
  type StepTask,
} from '@throughline/contracts';
import {
  canonicalHash,
  type CommitAt,
  effectClassOf,
  type ExecutionState,
  type OpenAttempt,
  stepFailure,
  stepOutput,
  type WalkedEvent,
} from '@throughline/execution';
import { walkHistory } from '../walk-history.ts';
import { askedBy, attemptPlace } from './attempt-place.ts';

/** How an attempt of the original went. */
export type AttemptOutcome =
  | { readonly how: 'succeeded'; readonly output: Json; readonly outputHash: string }
  | { readonly how: 'failed'; readonly error?: string; readonly cause?: string }
  | { readonly how: 'timed-out'; readonly kind: 'timeout' | 'heartbeat' }
  /** Something beside it failed, and ended it too. */
  | { readonly how: 'cut' }
  /** It is still open, or the execution was ended from outside. */
  | { readonly how: 'open' };

export interface AttemptRecord {
  readonly token: AttemptToken;
  /** The same for equal requests, whichever task token goes with them. */
  readonly asked: string;
  readonly state: string;
  readonly effectClass: EffectClass;
  readonly outcome: AttemptOutcome;
}

/** The attempts of an execution that were answered after a commit, by their place: frame, state, visit and attempt. */
export type AttemptRecords = ReadonlyMap<string, AttemptRecord>;

export const attemptRecords = (commits: readonly CommitAt[], after = 0): AttemptRecords => {
  const records = new Map<string, AttemptRecord>();
  const places = new Map<string, string>();
  walkHistory(commits, (walked, { commit: { version, events } }) => {
    const { event } = walked;
    if (event.type === 'StepScheduled') return opened(walked, version, { records, places });
    const place = 'token' in event && event.token !== undefined ? places.get(event.token) : undefined;
    const record = place === undefined ? undefined : records.get(place);
    const ended = record && version > after ? endOf(walked, events) : undefined;
    if (place !== undefined && record && ended) records.set(place, { ...record, ...ended });
  });
  return records;
};

/** By these a failure beside it ends an attempt; a cancellation or a timeout of the execution has none of them. */
const CUTTING: ReadonlySet<string> = new Set([
  'BranchFailed',
  'IterationFailed',
  'IterationAborted',
  'ParallelFailed',
  'MapFailed',
  'RetryScheduled',
  'ErrorCaught',
  'ExecutionFailed',
] satisfies ExecutionEvent['type'][]);

interface Kept {
  readonly records: Map<string, AttemptRecord>;
  readonly places: Map<string, string>;
}

const opened = ({ index, after }: WalkedEvent<ExecutionState>, version: number, { records, places }: Kept): void => {
  const attempt = after.attempts.get(`${version}.${index}`);
  if (!attempt) return;
  const place = attemptPlace(attempt);
  const { token, state, effectClass } = attempt;
  places.set(token, place);
  records.set(place, { token, asked: askedBy(after, attempt), state, effectClass, outcome: { how: 'open' } });
};

const endOf = (
  { event, command, before }: WalkedEvent<ExecutionState>,
  beside: readonly { readonly type: string }[],
): Pick<AttemptRecord, 'outcome'> | Pick<AttemptRecord, 'outcome' | 'effectClass'> | undefined => {
  switch (event.type) {
    case 'StepSucceeded':
    case 'StepFailed': {
      const attempt = before.attempts.get(event.token);
      if (!attempt) return undefined;
      const effectClass = effectClassOf(attempt, event, command);
      if (event.type === 'StepSucceeded') {
        const output = stepOutput(event, command) ?? null;
        return { effectClass, outcome: { how: 'succeeded', output, outputHash: canonicalHash(output) } };
      }
      const { error, cause } = stepFailure(event, command);
      const said = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
      return { effectClass, outcome: { how: 'failed', ...said } };
    }
    case 'StepTimedOut':
      return { outcome: { how: 'timed-out', kind: event.kind } };
    case 'StepCancelled':
      return beside.some(({ type }) => CUTTING.has(type)) ? { outcome: { how: 'cut' } } : undefined;
    default:
      return undefined;
  }
};

/** What the record says of a question; undefined: nothing, for what ended the attempt then will end it now. */
export const answerOf = (records: AttemptRecords, task: StepTask): AnswerFromRecord | undefined => {
  const { token, frame, state, attempt, record } = task;
  if (!record) throw new Error(`a question to no record: ${state}`);
  const found = records.get(attemptPlace({ frame, state, visit: record.visit, attempt }));
  if (!found) return { how: 'not-at-all', token, why: 'never-called' };
  const source = found.token;
  if (found.asked !== askedBy({ ref: executionRef(task.tenant, task.executionId) }, task)) {
    return { how: 'not-at-all', token, source, why: 'another-request' };
  }
  const { outcome } = found;
  switch (outcome.how) {
    case 'succeeded':
    case 'failed':
    case 'timed-out':
      return { ...outcome, token, source };
    case 'cut':
      return undefined;
    case 'open':
      return { how: 'not-at-all', token, source, why: 'no-answer' };
    default:
      return assertNever(outcome);
  }
};

/** Whether something beside it ended the attempt in the original. */
export const wasCut = (
  records: AttemptRecords,
  attempt: Pick<OpenAttempt, 'frame' | 'state' | 'visit' | 'attempt'>,
): boolean => records.get(attemptPlace(attempt))?.outcome.how === 'cut';

/** States whose handlers have declared another class than their definition gives them. */
export const declaredClasses = (
  records: AttemptRecords,
  commits: readonly CommitAt[],
): Readonly<Record<string, EffectClass>> => {
  const scheduled = new Map<string, EffectClass>();
  for (const { commit } of commits) {
    if (commit.aggregate !== 'execution') continue;
    for (const event of commit.events) {
      if (event.type === 'StepScheduled') scheduled.set(event.state, event.effectClass);
    }
  }
  const declared = [...records.values()].filter(({ state, effectClass }) => scheduled.get(state) !== effectClass);
  return Object.fromEntries(declared.map(({ state, effectClass }) => [state, effectClass]));
};
