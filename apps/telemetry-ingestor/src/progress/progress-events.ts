import {
  type ExecutionCommit,
  type ExecutionEvent,
  type Json,
  type JsonObject,
  type ProgressEvent,
} from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import { type ExecutionState, progressOf, stepFailure, walkCommit, type WalkedEvent } from '@throughline/execution';

export interface ProgressStep {
  readonly state: ExecutionState;
  readonly events: readonly ProgressEvent[];
}

/** What an event says, without its payloads: those can be large, and the steps route has them. */
const fieldsOf = (event: ExecutionEvent): JsonObject => {
  const { type: _type, ...fields } = event;
  // Events were parsed from JSON text.
  const { input: _input, output: _output, ...rest } = fields as { readonly [key: string]: Json };
  return rest;
};

/** Which step and attempt a token belongs to, so that a listener need not have heard of its schedule. */
const attemptOf = (state: ExecutionState, token: string): JsonObject => {
  const attempt = state.attempts.get(token);
  return attempt ? { state: attempt.state, frame: attempt.frame, visit: attempt.visit, attempt: attempt.attempt } : {};
};

const failure = ({
  error = null,
  cause = null,
}: {
  error?: string | null | undefined;
  cause?: string | null | undefined;
}) => ({
  error,
  cause,
});

const dataOf = ({ event, command, before, after }: WalkedEvent<ExecutionState>): Json => {
  const fields = fieldsOf(event);
  switch (event.type) {
    case 'StepFailed':
      return {
        ...fields,
        ...attemptOf(before, event.token),
        ...failure(stepFailure(event, command)),
      };
    case 'StepSucceeded':
    case 'StepTimedOut':
    case 'StepCancelled':
    case 'StepSubmitted':
    case 'StepHeartbeatRecorded':
    case 'StepDeferred':
    case 'StepOffered':
      return { ...fields, ...attemptOf(before, event.token) };
    case 'ExecutionSucceeded':
      return { ...fields, output: after.end?.output ?? null };
    case 'ExecutionCancelled':
      return {
        ...fields,
        ...('reason' in command.body && command.body.reason !== undefined ? { reason: command.body.reason } : {}),
      };
    default:
      return fields;
  }
};

const progressEvent = (walked: WalkedEvent<ExecutionState>, version: number): ProgressEvent => {
  const { event, command, index, after } = walked;
  if (after.status === 'none') throw new Error(`${event.type} came before the start of ${after.ref.aggregateId}`);
  const { percent, currentStep } = progressOf(after);
  return {
    schema_version: 1,
    event_id: `${version}.${index}`,
    event_type: event.type,
    timestamp: command.at,
    // An execution's aggregate id is its execution id: one subject token, only branded differently.
    execution_id: after.ref.aggregateId as unknown as ProgressEvent['execution_id'],
    status: after.status,
    progress: percent,
    current_step: currentStep,
    data: dataOf(walked),
  };
};

/** Folds one commit; every event carries the progress right after it. */
export const stepProgress = (state: ExecutionState, logged: LoggedCommit<ExecutionCommit>): ProgressStep => {
  const events: ProgressEvent[] = [];
  const after = walkCommit(state, logged, (walked) => events.push(progressEvent(walked, logged.commit.version)));
  return { state: after, events };
};
