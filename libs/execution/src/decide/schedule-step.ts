import {
  type ItemReader,
  type MapState,
  readerInput,
  stateInput,
  type TaskResource,
  type TaskState,
  taskTimes,
} from '@throughline/asl';
import {
  assertNever,
  type AttemptAwaits,
  type AttemptToken,
  type EffectClass,
  type Json,
  type LockRequestToken,
  type Priority,
  type Queue,
} from '@throughline/contracts';
import { requestFault } from '../child-request.ts';
import { classInRecord, isAnsweredByRecord, ofRecord } from '../derived.ts';
import { stepRules } from '../classification/classification.ts';
import { type FrameId, outward } from '../frames.ts';
import { sha256Hex } from '../hashes.ts';
import { taskTokenOf } from '../task-token.ts';
import { jsonBytes } from '../json-size.ts';
import { cancelTimersOf } from './close.ts';
import { finishTask } from './finish-state.ts';
import { dataLimitExceeded, evaluationFailed } from './handle-error.ts';
import { requestApproval } from './request-approval.ts';
import type { Run } from './run.ts';

/**
 * Stable over retries and redeliveries of one visit: what a worker or its callee recognises a repeat by. Of an iteration
 * it is made of the states around it and its index, so it is the same when a retried Map runs it again. What is done again
 * of another execution has that one's key.
 */
const idempotencyKey = (run: Run, id: FrameId, ofOriginal: boolean): string => {
  const { tenant } = run.state.ref;
  const { aggregateId } = ofOriginal ? { aggregateId: run.state.derived?.origin ?? '' } : run.state.ref;
  const path = [...outward(run.state.frames, id)].map(({ index, state, visit }) => [index, state, visit]);
  return sha256Hex(JSON.stringify([tenant, aggregateId, path]));
};

/** Opens an attempt at a Task: the first of a visit, or the one that a retry waited for. */
export const scheduleStep = (run: Run, id: FrameId, state: TaskState, lockRequest?: LockRequestToken): void => {
  const frame = run.frame(id);
  const { resource } = state;
  // The cast names what the two numbers make: a token by its own schema. evolve derives the same one.
  const token = `${run.state.version + 1}.${run.state.roundEvents}` as AttemptToken;
  const scope = run.scope(id, getsToken(resource) ? { taskToken: taskTokenOf(run.state.ref, token) } : {});
  const input = stateInput(state, frame.data, scope);
  if (!input.ok) return evaluationFailed(run, id, input);
  const times = taskTimes(state, frame.data, scope);
  if (!times.ok) return evaluationFailed(run, id, times);
  const fault = resource.kind === 'child' ? requestFault(input.value, state.queryLanguage) : undefined;
  if (fault !== undefined) return evaluationFailed(run, id, { ok: false, error: 'States.Runtime', cause: fault });
  const { timeoutMs: stepMs, ...rules } = stepRules(run.state.classification, state);
  const { timeoutMs = stepMs } = times.value;
  const opened = open(run, id, {
    token,
    resource,
    input: input.value,
    effectClass: classInRecord(run.state.derived, state.name, state.effectClass),
    ...times.value,
    ...rules,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    // A bound that nobody wrote is one on the work, and begins where the longest wait on the queue ends.
    ...(times.value.timeoutMs === undefined && rules.queueWaitMs !== undefined ? { graceMs: rules.queueWaitMs } : {}),
    ...(lockRequest && { lockRequest }),
  });
  if (!opened || run.state.attempts.get(token)?.awaits === 'record') return;
  const { approval } = state.extension;
  if (approval) requestApproval(run, approval, { frame: id, token, input: input.value });
  if (resource.kind === 'signal') takeStoredSignal(run, id, token, resource.signal);
};

/** The signal may have come before the state that waits for it. */
const takeStoredSignal = (run: Run, id: FrameId, token: AttemptToken, name: string): void => {
  const stored = run.state.signals.find((signal) => signal.name === name);
  const attempt = run.state.attempts.get(token);
  if (!stored || !attempt) return;
  run.emit({ type: 'SignalTaken', token, name });
  run.emit({ type: 'StepSucceeded', token, output: { value: stored.payload } }, jsonBytes(stored.payload));
  cancelTimersOf(run, attempt);
  finishTask(run, id, stored.payload);
};

/** A Map whose items a worker reads: with the reader's answer the iterations begin. */
export const scheduleReader = (run: Run, id: FrameId, state: MapState, reader: ItemReader): void => {
  const input = readerInput(state, run.frame(id).data, run.scope(id));
  if (!input.ok) return evaluationFailed(run, id, input);
  // As above: the token of the event that follows.
  const token = `${run.state.version + 1}.${run.state.roundEvents}` as AttemptToken;
  open(run, id, { token, resource: reader.resource, input: input.value, effectClass: 'idempotent' });
};

interface Attempt {
  readonly token: AttemptToken;
  readonly resource: TaskResource;
  readonly input: Json;
  readonly effectClass: EffectClass;
  readonly timeoutMs?: number;
  readonly heartbeatMs?: number;
  readonly priority?: Priority;
  readonly queueWaitMs?: number;
  /** Added to `timeoutMs` before the log ends the attempt. */
  readonly graceMs?: number;
  readonly lockRequest?: LockRequestToken;
}

const awaitsOf = (resource: TaskResource): AttemptAwaits =>
  resource.kind === 'task' ? resource.awaits : resource.kind;

const getsToken = (resource: TaskResource): boolean =>
  (resource.kind === 'task' || resource.kind === 'child') && resource.awaits === 'callback';

/** A child execution is run by the engine: no queue of this name is ever published to. */
const CHILDREN = { queue: 'executions' as Queue, handler: 'startExecution' }; // a subject token

/** What people do is not for workers either; these names only say so where attempts are listed. */
const PEOPLE = 'people' as Queue; // a subject token

/** The last part of its ARN. */
const activityName = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

// A queue name that is no subject token does not get through validation.
const whoRuns = (resource: TaskResource): { readonly queue: Queue; readonly handler: string } => {
  switch (resource.kind) {
    case 'task':
      return { queue: resource.queue as Queue, handler: resource.handler };
    case 'activity':
      return { queue: resource.queue as Queue, handler: activityName(resource.resource) };
    case 'child':
      return CHILDREN;
    case 'approval':
      return { queue: PEOPLE, handler: 'approve' };
    case 'signal':
      return { queue: PEOPLE, handler: resource.signal };
    default:
      return assertNever(resource);
  }
};

const open = (
  run: Run,
  id: FrameId,
  {
    token,
    resource,
    input,
    effectClass,
    timeoutMs,
    heartbeatMs,
    priority,
    queueWaitMs,
    graceMs = 0,
    lockRequest,
  }: Attempt,
): boolean => {
  const frame = run.frame(id);
  const fromRecord = isAnsweredByRecord(run.state, { frame, resource: resource.kind, effectClass });
  const awaits = fromRecord ? 'record' : awaitsOf(resource);
  const written = run.write(input, frame.data);
  if (!written.ok) {
    dataLimitExceeded(run, id);
    return false;
  }
  run.emit(
    {
      type: 'StepScheduled',
      frame: id,
      state: frame.state,
      visit: frame.visit,
      attempt: frame.attempts + 1,
      resource: resource.text,
      ...(awaits === 'result' ? {} : { awaits }),
      ...whoRuns(resource),
      ...(written.data === undefined ? {} : { input: written.data }),
      effectClass,
      idempotencyKey: idempotencyKey(run, id, ofRecord(run.state) !== null),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      ...(priority === undefined ? {} : { priority }),
      ...(queueWaitMs === undefined ? {} : { queueWaitMs }),
      ...(lockRequest === undefined ? {} : { lockRequest }),
    },
    written.bytes,
  );
  // Whoever looks it up does not take long, and whoever needs long does no harm.
  if (fromRecord) return true;
  if (timeoutMs !== undefined) run.arm('timeout', id, run.nowMs() + graceMs + timeoutMs, token);
  if (heartbeatMs !== undefined) run.arm('heartbeat', id, run.nowMs() + heartbeatMs, token);
  return true;
};
