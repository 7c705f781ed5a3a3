import type { AttemptView, Commit, ExecutionEvent, Json, RecordedExecutionCommand } from '@throughline/contracts';
import { assertNever } from '@throughline/contracts';
import {
  type ExecutionState,
  type OpenAttempt,
  stepFailure,
  stepOutput,
  walkCommit,
  type WalkedEvent,
} from '@throughline/execution';
import { textColumn } from '@throughline/projections';
import { jsonHash } from '@throughline/worker-sdk';

/** The columns of `step_attempts` that a schedule fills. */
export interface ScheduledAttempt {
  readonly tenant: string;
  readonly executionId: string;
  readonly token: string;
  readonly version: number;
  readonly eventIndex: number;
  readonly state: string;
  readonly frame: string;
  readonly visit: number;
  readonly attempt: number;
  readonly queue: string;
  readonly handler: string;
  readonly effectClass: AttemptView['effectClass'];
  readonly idempotencyKey: string;
  readonly request: string;
  readonly requestHash: string | null;
  readonly scheduledAt: string;
}

/** The columns that an end fills. */
export interface AttemptEnd {
  readonly tenant: string;
  readonly executionId: string;
  readonly token: string;
  readonly status: Exclude<AttemptView['status'], 'scheduled'>;
  readonly response: string | null;
  readonly responseHash: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly worker: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** A pure step's answer to a request. */
export interface PureAnswer {
  readonly tenant: string;
  readonly queue: string;
  readonly handler: string;
  readonly requestHash: string;
  readonly responseHash: string;
}

export type AttemptChange =
  | { readonly kind: 'scheduled'; readonly row: ScheduledAttempt }
  | { readonly kind: 'ended'; readonly row: AttemptEnd; readonly pureAnswer?: PureAnswer };

interface Logged {
  readonly commit: Commit;
  readonly seq: number;
}

const jsonText = (value: Json): string => JSON.stringify(value);

/** What one commit of an execution changes about its attempts, in the order of its events. */
export const attemptChanges = (
  before: ExecutionState,
  logged: Logged,
): { readonly changes: readonly AttemptChange[]; readonly after: ExecutionState } => {
  const changes: AttemptChange[] = [];
  const after = walkCommit(before, logged, (walked) => {
    const change = changeOf(walked, logged.commit);
    if (change) changes.push(change);
  });
  return { changes, after };
};

const changeOf = (walked: WalkedEvent<ExecutionState>, commit: Commit): AttemptChange | undefined => {
  const { event, command, index, before, after } = walked;
  switch (event.type) {
    case 'StepScheduled':
      return { kind: 'scheduled', row: scheduledRow(after, `${commit.version}.${index}`, commit) };
    case 'StepSucceeded':
    case 'StepFailed':
    case 'StepTimedOut':
    case 'StepCancelled':
      return endedChange(event, command, openAttempt(before, event.token), commit);
    default:
      return undefined;
  }
};

const openAttempt = (state: ExecutionState, token: string): OpenAttempt => {
  const attempt = state.attempts.get(token);
  if (!attempt) throw new Error(`attempt ${token} of ${state.ref.aggregateId} is not open in the fold`);
  return attempt;
};

const scheduledRow = (state: ExecutionState, token: string, commit: Commit): ScheduledAttempt => {
  const attempt = openAttempt(state, token);
  return {
    tenant: commit.tenant,
    executionId: commit.aggregateId,
    token,
    version: commit.version,
    eventIndex: Number(token.split('.')[1]),
    state: textColumn(attempt.state),
    frame: attempt.frame,
    visit: attempt.visit,
    attempt: attempt.attempt,
    queue: attempt.queue,
    handler: attempt.handler,
    effectClass: attempt.effectClass,
    idempotencyKey: attempt.idempotencyKey,
    request: jsonText(attempt.input),
    requestHash: requestHashOf(attempt),
    scheduledAt: attempt.scheduledAt,
  };
};

/** Hashed for pure steps only: nothing compares the answers of others, and hashing every payload costs. */
const requestHashOf = (attempt: OpenAttempt): string | null =>
  attempt.effectClass === 'pure' ? jsonHash(attempt.input) : null;

type EndEvent = Extract<ExecutionEvent, { type: 'StepSucceeded' | 'StepFailed' | 'StepTimedOut' | 'StepCancelled' }>;

const endedChange = (
  event: EndEvent,
  command: RecordedExecutionCommand,
  attempt: OpenAttempt,
  commit: Commit,
): AttemptChange => {
  const key = { tenant: commit.tenant, executionId: commit.aggregateId, token: attempt.token };
  const unanswered = { response: null, responseHash: null, error: null, cause: null, worker: null, startedAt: null };
  switch (event.type) {
    case 'StepSucceeded': {
      switch (command.type) {
        case 'CompleteCallback':
        case 'RecordChildStart':
        case 'CompleteChild':
          return reported(key, command);
        default:
      }
      if (command.type !== 'CompleteStep') return saidByPeople(key, command, stepOutput(event, command));
      const { output, outputHash, worker, startedAt, finishedAt } = command.body;
      const answer = { response: jsonText(output), responseHash: outputHash, error: null, cause: null };
      const row: AttemptEnd = {
        ...key,
        status: 'succeeded',
        ...answer,
        worker: textColumn(worker),
        startedAt,
        finishedAt,
      };
      return { kind: 'ended', row, pureAnswer: pureAnswerOf(attempt, commit.tenant, outputHash) };
    }
    case 'StepFailed': {
      if (command.type !== 'FailStep') {
        const { error = null, cause = null } = stepFailure(event, command);
        const failure = { ...unanswered, error: textColumn(error), cause: textColumn(cause) };
        return { kind: 'ended', row: { ...key, status: 'failed', ...failure, finishedAt: command.at } };
      }
      const { error, cause, worker, startedAt, finishedAt } = command.body;
      const failure = {
        response: null,
        responseHash: null,
        error: textColumn(error ?? null),
        cause: textColumn(cause ?? null),
      };
      return {
        kind: 'ended',
        row: { ...key, status: 'failed', ...failure, worker: textColumn(worker), startedAt, finishedAt },
      };
    }
    case 'StepTimedOut': {
      const error = event.kind === 'heartbeat' ? 'States.HeartbeatTimeout' : 'States.Timeout';
      return { kind: 'ended', row: { ...key, status: 'timed_out', ...unanswered, error, finishedAt: command.at } };
    }
    case 'StepCancelled':
      return { kind: 'ended', row: { ...key, status: 'cancelled', ...unanswered, finishedAt: command.at } };
    default:
      return assertNever(event);
  }
};

/** No worker of ours ended it, so there are no times of one; what is recorded is when the report was decided. */
const reported = (
  key: Pick<AttemptEnd, 'tenant' | 'executionId' | 'token'>,
  command: Extract<RecordedExecutionCommand, { type: 'CompleteCallback' | 'RecordChildStart' | 'CompleteChild' }>,
): AttemptChange => {
  const { output, outputHash } = command.body;
  const answer = { response: jsonText(output), responseHash: outputHash, error: null, cause: null };
  const row: AttemptEnd = {
    ...key,
    status: 'succeeded',
    ...answer,
    worker: null,
    startedAt: null,
    finishedAt: command.at,
  };
  return { kind: 'ended', row };
};

/** An approval that was given, or a signal that came. */
const saidByPeople = (
  key: Pick<AttemptEnd, 'tenant' | 'executionId' | 'token'>,
  command: RecordedExecutionCommand,
  output: Json = null,
): AttemptChange => {
  const answer = { response: jsonText(output), responseHash: jsonHash(output), error: null, cause: null };
  const times = { worker: null, startedAt: null, finishedAt: command.at };
  return { kind: 'ended', row: { ...key, status: 'succeeded', ...answer, ...times } };
};

const pureAnswerOf = (attempt: OpenAttempt, tenant: string, responseHash: string): PureAnswer | undefined => {
  const requestHash = requestHashOf(attempt);
  if (requestHash === null) return undefined;
  return { tenant, queue: attempt.queue, handler: attempt.handler, requestHash, responseHash };
};
