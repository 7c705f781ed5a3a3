import { parseInstant } from '@throughline/asl';
import {
  assertNever,
  CAUSE_CHARS_MAX,
  type ChildAwaits,
  type ExecutionStatus,
  type Instant,
  type Json,
  type JsonObject,
} from '@throughline/contracts';
import { jsonBytes } from './json-size.ts';
import { executionArn, executionName, machineArn } from './aws-arns.ts';
import type { ExecutionEnd, ExecutionState, StartFacts } from './execution-state.ts';

/** An execution as AWS tells the step that started it: its fields in AWS's order, its times in milliseconds. */

const millis = (at: Instant): number => {
  const ms = parseInstant(at);
  if (ms === undefined) throw new Error(`not an instant: ${at}`);
  return ms;
};

const arnOf = (state: ExecutionState, start: StartFacts): string =>
  executionArn(start.workflow.name, executionName(state.ref, start));

/** What StartExecution answers. */
export const childStarted = (
  state: ExecutionState,
  start: StartFacts,
): { ExecutionArn: string; StartDate: number } => ({
  ExecutionArn: arnOf(state, start),
  StartDate: millis(start.startedAt),
});

const awsStatus = (status: ExecutionStatus | 'none'): string => {
  switch (status) {
    case 'succeeded':
      return 'SUCCEEDED';
    case 'failed':
      return 'FAILED';
    case 'cancelled':
      return 'ABORTED';
    case 'timed_out':
      return 'TIMED_OUT';
    case 'none':
    case 'queued':
    case 'preflight':
    case 'awaiting_approval':
    case 'running':
    case 'waiting':
    case 'paused':
    case 'needs_review':
    case 'cancelling':
      return 'RUNNING';
    default:
      return assertNever(status);
  }
};

const DETAILS = { Included: true };

interface Ended {
  readonly state: ExecutionState;
  readonly start: StartFacts;
  readonly end: ExecutionEnd;
}

/** With input and output as JSON text, or for `.sync:2` as JSON. */
export const succeededChild = ({ state, start, end }: Ended, awaits: ChildAwaits): JsonObject => {
  const written = (value: Json): Json => (awaits === 'end-as-json' ? value : JSON.stringify(value));
  return {
    ExecutionArn: arnOf(state, start),
    Input: written(start.input),
    InputDetails: DETAILS,
    Name: executionName(state.ref, start),
    Output: written(end.output ?? null),
    OutputDetails: DETAILS,
    RedriveCount: 0,
    RedriveStatus: 'NOT_REDRIVABLE',
    RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    StartDate: millis(start.startedAt),
    StateMachineArn: machineArn(start.workflow.name),
    Status: awsStatus(state.status),
    StopDate: millis(end.at),
  };
};

/** As `boundedCause` bounds it. */
const isTooLong = (cause: string): boolean => jsonBytes(cause) - 2 > CAUSE_CHARS_MAX;

/**
 * The cause of a step whose child did not succeed, as JSON text. A cause is bounded: the input is left out where it does
 * not fit, then the child's own cause is cut.
 */
export const failedChildCause = ({ state, start, end }: Ended): string => {
  const described = (input: string | undefined, cause: string | undefined): string =>
    JSON.stringify({
      ...(cause === undefined ? {} : { Cause: cause }),
      ...(end.error === undefined ? {} : { Error: end.error }),
      ExecutionArn: arnOf(state, start),
      ...(input === undefined ? { InputDetails: { Included: false } } : { Input: input, InputDetails: DETAILS }),
      Name: executionName(state.ref, start),
      RedriveCount: 0,
      RedriveStatus: 'REDRIVABLE',
      StartDate: millis(start.startedAt),
      StateMachineArn: machineArn(start.workflow.name),
      Status: awsStatus(state.status),
      StopDate: millis(end.at),
    });
  let text = described(JSON.stringify(start.input), end.cause);
  if (isTooLong(text)) text = described(undefined, end.cause);
  for (let cause = end.cause ?? ''; isTooLong(text); cause = cause.slice(0, cause.length / 2)) {
    text = described(undefined, cause.slice(0, cause.length / 2));
  }
  return text;
};
