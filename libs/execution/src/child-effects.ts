import { childAwaits } from '@throughline/asl';
import {
  type Actor,
  type AggregateRef,
  assertNever,
  type AttemptToken,
  COMMAND_VERSION,
  type CommandId,
  type ExecutionCommand,
  type ExecutionId,
  executionRef,
  isDeeperThan,
  isTerminal,
  type Refusal,
  type SentCommand,
} from '@throughline/contracts';
import { lockRequestOf } from './asset-locks.ts';
import { executionArn, machineArn } from './aws-arns.ts';
import { childStarted, failedChildCause, succeededChild } from './child-description.ts';
import { type ChildRequest, childRequest, refusedBy } from './child-request.ts';
import { type ExecutionState, executionIdOf, type OpenAttempt, type StartFacts } from './execution-state.ts';
import { canonicalHash, derivedId } from './hashes.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/**
 * What parents and children tell each other. Every message is a command with an id of the log's making, and what is said
 * again is judged by what it finds, so each may be sent any number of times: a child starts once and its end counts once.
 */
export interface CommandTo {
  readonly id: string;
  readonly ref: AggregateRef;
  readonly command: SentCommand;
}

const ENGINE: Actor = { kind: 'system', id: 'engine' };

interface Sending {
  /** What this message is, and whose: the parts of its id. */
  readonly about: readonly [string, AggregateRef, AttemptToken];
  readonly to: AggregateRef;
  readonly traceparent: string | null;
}

const commandTo = ({ about: [what, from, token], to, traceparent }: Sending, command: ExecutionCommand): CommandTo => {
  // 32 hex digits are a subject token.
  const id = derivedId(what, from.tenant, from.aggregateId, token) as CommandId;
  const envelope = { v: COMMAND_VERSION as typeof COMMAND_VERSION, id, actor: ENGINE };
  const causationId = `${from.aggregateId}.${token}`;
  const sent = { ...envelope, causationId, ...(traceparent === null ? {} : { traceparent }), ...command };
  return { id: `${to.tenant}.${to.aggregateId}.${id}`, ref: to, command: sent };
};

/** Starts the child that an attempt awaits; a request that no start can be made of fails the attempt. */
export const startChild = (state: ExecutionState, attempt: OpenAttempt): CommandTo => {
  const { ref, start } = state;
  if (!start) throw new Error(`an attempt is open in ${ref.aggregateId}, which has not started`);
  const { token, traceparent } = attempt;
  const request = childRequest(ref, attempt);
  if (!request.ok) {
    const { error, cause } = request;
    return commandTo(
      { about: ['child-request', ref, token], to: ref, traceparent },
      { type: 'FailChild', body: { token, error, cause } },
    );
  }
  const to = executionRef(ref.tenant, request.id);
  return commandTo(
    { about: ['child', ref, token], to, traceparent },
    { type: 'StartExecution', body: startBody(state, start, attempt, request) },
  );
};

const startBody = (
  state: ExecutionState,
  start: StartFacts,
  { token, resource, lockRequest }: OpenAttempt,
  { workflow, version, name, input }: Extract<ChildRequest, { ok: true }>,
) => ({
  workflow,
  ...(version === undefined ? {} : { version }),
  input,
  trigger: 'child' as const,
  parentExecutionId: executionIdOf(state.ref),
  rootExecutionId: start.rootExecutionId,
  correlationId: state.correlationId,
  ...(start.runId === null ? {} : { runId: start.runId }),
  ...(name === undefined ? {} : { name }),
  generation: start.generation + 1,
  // Who asked for the parent asked for this too, and may not approve it.
  requestedBy: start.requestedBy,
  parentAttempt: { token, awaits: childAwaits(resource) },
  ...heldAbove(state, start, { lockRequest, resource }),
});

/** What nobody gets until the child has ended, not even the child. */
const heldAbove = (
  { locks }: ExecutionState,
  { heldAssets }: StartFacts,
  { lockRequest, resource }: Pick<OpenAttempt, 'lockRequest' | 'resource'>,
): { readonly heldAssets?: string[] } => {
  if (childAwaits(resource) === 'start') return {};
  const own = lockRequest === null ? [] : (lockRequestOf(locks, lockRequest)?.assets ?? []);
  const held = [...heldAssets, ...own];
  return held.length === 0 ? {} : { heldAssets: held };
};

/** What an execution has to tell the attempt that started it; undefined where nobody asked. */
export const reportToParent = (state: ExecutionState): CommandTo | undefined => {
  const { ref, start, end, status } = state;
  if (!start?.parentAttempt || start.parentExecutionId === null) return undefined;
  const { token, awaits } = start.parentAttempt;
  const to = executionRef(ref.tenant, start.parentExecutionId);
  const { traceparent } = start;
  const child = executionIdOf(ref);
  const started = childStarted(state, start);
  if (!end || awaits === 'start' || awaits === 'callback') {
    const body = { token, child, awaits, output: started, outputHash: canonicalHash(started) };
    return commandTo({ about: ['child-started', ref, token], to, traceparent }, { type: 'RecordChildStart', body });
  }
  const sending: Sending = { about: ['child-ended', ref, token], to, traceparent };
  if (status !== 'succeeded') {
    const failure = { error: 'States.TaskFailed', cause: failedChildCause({ state, start, end }) };
    return commandTo(sending, { type: 'FailChild', body: { token, child, started, ...failure } });
  }
  const output = succeededChild({ state, start, end }, awaits);
  // The description adds a level, and no frame may hold more.
  if (isDeeperThan(output, DEFAULT_LIMITS.dataDepthMax)) {
    const cause = 'The output of the child execution is nested too deeply for its parent.';
    const failure = { error: 'States.DataLimitExceeded', cause };
    return commandTo(sending, { type: 'FailChild', body: { token, child, started, ...failure } });
  }
  const body = { token, child, started, output, outputHash: canonicalHash(output) };
  return commandTo(sending, { type: 'CompleteChild', body });
};

/** Asks the child of an attempt for its report; nobody where the attempt's request named none. */
export const askChild = ({ ref }: ExecutionState, attempt: OpenAttempt): readonly CommandTo[] => {
  const request = childRequest(ref, attempt);
  if (!request.ok) return [];
  const to = executionRef(ref.tenant, request.id);
  const sending: Sending = { about: ['child-ask', ref, attempt.token], to, traceparent: attempt.traceparent };
  return [commandTo(sending, { type: 'ReportToParent', body: {} })];
};

/** Whether a commit that ended the execution owes its parent a report; that of its start always does. */
export const reportsEnd = ({ start, status }: ExecutionState): boolean =>
  isTerminal(status) && (start?.parentAttempt?.awaits === 'end' || start?.parentAttempt?.awaits === 'end-as-json');

/** For the children whose attempts one version of the execution has cut short. */
export const stopChildren = ({ ref, stopped }: ExecutionState, version: number): readonly CommandTo[] =>
  stopped
    .toSeq()
    .reverse()
    // The versions rise, and mostly the last one is asked for.
    .skipWhile((child) => child.version > version)
    .takeWhile((child) => child.version === version)
    .map(({ id, token }) => stopChild(ref, token, id))
    .toArray()
    .reverse();

/** As AWS does and says it. */
const stopChild = (parent: AggregateRef, token: AttemptToken, child: ExecutionId): CommandTo =>
  commandTo(
    { about: ['child-stop', parent, token], to: executionRef(parent.tenant, child), traceparent: null },
    {
      type: 'CancelExecution',
      body: { reason: `the step of execution ${parent.aggregateId} that waited for it was aborted` },
    },
  );

/** A refusal leaves no commit, so what it means to a relative of the execution follows from the refused command. */
export const commandsOfRefusal = (ref: AggregateRef, command: SentCommand, refusal: Refusal): readonly CommandTo[] => {
  if (command.type === 'StartExecution') {
    const { parentAttempt, parentExecutionId } = command.body;
    if (!parentAttempt || !parentExecutionId) return [];
    const { token } = parentAttempt;
    const { error, cause } = failureOf(command.body, refusal);
    const sending: Sending = {
      about: ['child-refused', ref, token],
      to: executionRef(ref.tenant, parentExecutionId),
      traceparent: command.traceparent ?? null,
    };
    return [commandTo(sending, { type: 'FailChild', body: { token, error, cause } })];
  }
  // The attempt was cut short before the child had started, and its stop perhaps came too early.
  if (command.type === 'RecordChildStart' && (refusal.code === 'TL0106' || refusal.code === 'TL0107')) {
    const { token, child, awaits } = command.body;
    switch (awaits) {
      case 'end':
      case 'end-as-json':
        return [stopChild(ref, token, child)];
      case 'start':
      case 'callback':
        return [];
      default:
        return assertNever(awaits);
    }
  }
  return [];
};

type StartBody = Extract<SentCommand, { type: 'StartExecution' }>['body'];

/** In AWS's names where it has one for it. */
const failureOf = ({ workflow, version, name }: StartBody, { code, message }: Refusal) => {
  switch (code) {
    case 'TL0101':
    case 'TL0102': {
      const arn = machineArn(workflow) + (version === undefined ? '' : `:${version}`);
      return refusedBy('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    }
    case 'TL0104':
      return refusedBy('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn(workflow, name ?? '')}'`);
    case 'TL0113':
    case 'TL0114':
      return refusedBy('ExecutionLimitExceeded', `${code}: ${message}`);
    case 'TL0001':
    case 'TL0005':
      return refusedBy('InvalidExecutionInput', `Invalid State Machine Execution Input: '${message}'`);
    default:
      return { error: 'States.TaskFailed', cause: `${code}: ${message}` };
  }
};
