import { formatInstant } from '@throughline/asl';
import type {
  AttemptView,
  Commit,
  EffectClass,
  ExecutionEvent,
  Json,
  RecordedExecutionCommand,
} from '@throughline/contracts';
import { assertNever } from '@throughline/contracts';
import {
  effectClassOf,
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
  readonly effectClass: EffectClass;
  readonly idempotencyKey: string;
  readonly request: string;
  readonly requestHash: string | null;
  readonly scheduledAt: string;
}

/** The columns that a submission fills: somebody has begun the work, and will be heard of later. */
export interface AttemptStart {
  readonly tenant: string;
  readonly executionId: string;
  readonly token: string;
  readonly effectClass: EffectClass;
  readonly worker: string | null;
  readonly startedAt: string | null;
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
  /** Null where the end says nothing of these four: then what stands there stays. */
  readonly effectClass: EffectClass | null;
  readonly requestHash: string | null;
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
  | { readonly kind: 'submitted'; readonly row: AttemptStart }
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
    case 'StepSubmitted':
      return submittedChange(event, command, openAttempt(before, event.token), commit);
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
    requestHash: requestHashOf(attempt, attempt.effectClass),
    scheduledAt: attempt.scheduledAt,
  };
};

/** Hashed for pure steps only: nothing compares the answers of others, and hashing every payload costs. */
const requestHashOf = (attempt: OpenAttempt, effectClass: EffectClass): string | null =>
  effectClass === 'pure' ? jsonHash(attempt.input) : null;

type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;
type EndEvent = EventOf<'StepSucceeded' | 'StepFailed' | 'StepTimedOut' | 'StepCancelled'>;

const submittedChange = (
  event: EventOf<'StepSubmitted'>,
  command: RecordedExecutionCommand,
  attempt: OpenAttempt,
  commit: Commit,
): AttemptChange => {
  const effectClass = effectClassOf(attempt, event, command);
  const key = { tenant: commit.tenant, executionId: commit.aggregateId, token: attempt.token };
  return { kind: 'submitted', row: { ...key, effectClass, ...beganBy(command) } };
};

/** Who has begun the work, and when: a worker says so itself, of a child it is known when that started. */
const beganBy = (command: RecordedExecutionCommand): Pick<AttemptStart, 'worker' | 'startedAt'> => {
  switch (command.type) {
    case 'CompleteStep':
      return { worker: textColumn(command.body.worker), startedAt: command.body.startedAt };
    case 'RecordChildStart':
      return { worker: null, startedAt: formatInstant(command.body.output.StartDate) };
    case 'CompleteChild':
    case 'FailChild':
      return { worker: null, startedAt: command.body.started ? formatInstant(command.body.started.StartDate) : null };
    default:
      return { worker: null, startedAt: command.at };
  }
};

/** What an end says by itself; who began the work may be known from before. */
type EndSaid = Omit<AttemptEnd, 'tenant' | 'executionId' | 'token'>;

const NOTHING_SAID = {
  response: null,
  responseHash: null,
  error: null,
  cause: null,
  effectClass: null,
  requestHash: null,
  worker: null,
  startedAt: null,
} as const;

const endedChange = (
  event: EndEvent,
  command: RecordedExecutionCommand,
  attempt: OpenAttempt,
  commit: Commit,
): AttemptChange => {
  const said = endSaid(event, command, attempt);
  const row: AttemptEnd = { tenant: commit.tenant, executionId: commit.aggregateId, token: attempt.token, ...said };
  const pureAnswer = event.type === 'StepSucceeded' ? pureAnswerOf(attempt, row, command) : undefined;
  return { kind: 'ended', row, ...(pureAnswer && { pureAnswer }) };
};

const endSaid = (event: EndEvent, command: RecordedExecutionCommand, attempt: OpenAttempt): EndSaid => {
  const finishedAt = command.at;
  switch (event.type) {
    case 'StepSucceeded':
      return {
        ...NOTHING_SAID,
        status: 'succeeded',
        finishedAt,
        ...answer(event, command),
        ...runBy(event, command, attempt),
      };
    case 'StepFailed': {
      const { error = null, cause = null } = stepFailure(event, command);
      const failure = { error: textColumn(error), cause: textColumn(cause) };
      return { ...NOTHING_SAID, status: 'failed', finishedAt, ...failure, ...runBy(event, command, attempt) };
    }
    case 'StepTimedOut': {
      const error = event.kind === 'heartbeat' ? 'States.HeartbeatTimeout' : 'States.Timeout';
      return { ...NOTHING_SAID, status: 'timed_out', finishedAt, error };
    }
    case 'StepCancelled':
      return { ...NOTHING_SAID, status: 'cancelled', finishedAt };
    default:
      return assertNever(event);
  }
};

/** Who reports an output hashes it; what people say, and what the engine found by itself, is hashed here. */
const answer = (
  event: EventOf<'StepSucceeded'>,
  command: RecordedExecutionCommand,
): Pick<AttemptEnd, 'response' | 'responseHash'> => {
  const output = stepOutput(event, command) ?? null;
  const reported = event.output === undefined && 'outputHash' in command.body ? command.body.outputHash : undefined;
  return { response: jsonText(output), responseHash: reported ?? jsonHash(output) };
};

/** What a worker of ours says of the attempt that it ran. Of others is recorded when their report was decided. */
const runBy = (
  event: EventOf<'StepSucceeded' | 'StepFailed'>,
  command: RecordedExecutionCommand,
  attempt: OpenAttempt,
): Partial<EndSaid> => {
  switch (command.type) {
    case 'CompleteStep':
    case 'FailStep': {
      const { worker, startedAt, finishedAt } = command.body;
      const effectClass = effectClassOf(attempt, event, command);
      const requestHash = requestHashOf(attempt, effectClass);
      return { worker: textColumn(worker), startedAt, finishedAt, effectClass, requestHash };
    }
    case 'RecordChildStart':
    case 'CompleteChild':
    case 'FailChild':
      return beganBy(command);
    default:
      return {};
  }
};

/** Workers and those who poll activities answer requests; children and people answer nothing twice. */
const pureAnswerOf = (
  attempt: OpenAttempt,
  { tenant, effectClass, responseHash, ...end }: AttemptEnd,
  command: RecordedExecutionCommand,
): PureAnswer | undefined => {
  if (command.type !== 'CompleteStep' && command.type !== 'CompleteCallback') return undefined;
  const requestHash = end.requestHash ?? requestHashOf(attempt, effectClass ?? attempt.effectClass);
  if (requestHash === null || responseHash === null) return undefined;
  return { tenant, queue: attempt.queue, handler: attempt.handler, requestHash, responseHash };
};
