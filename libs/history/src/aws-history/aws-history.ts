import type { Machine } from '@throughline/asl';
import { assertNever, type Instant, type Json, type JsonObject } from '@throughline/contracts';
import {
  type CommitAt,
  type ExecutionState,
  type FrameId,
  frameOf,
  initialExecution,
  ROOT_FRAME,
  walkCommit,
  type WalkedEvent,
} from '@throughline/execution';
import { type AwsEventBody, type AwsHistoryEvent, errorFields, inputFields, outputFields } from './aws-event.ts';
import { failedEvent, scheduledEvents, succeededEvent, timedOutEvent } from './task-events.ts';

/** What AWS's events say about where they ran. */
export interface AwsPlace {
  readonly region: string;
  readonly roleArn: string;
}

/** An event of ours as AWS's events, and the frame whose line of events they continue. */
interface Shown {
  readonly frame: FrameId | undefined;
  readonly events: readonly AwsEventBody[];
}
const NOTHING: Shown = { frame: undefined, events: [] };

/**
 * The execution as AWS's GetExecutionHistory shows it. The log has no types of states, so the machine that the execution
 * is pinned to is needed. The nth event has id n: the state's own count, which AWS's cause texts quote, says the same.
 */
export const awsHistory = (
  commits: readonly CommitAt[],
  machine: Machine,
  place: AwsPlace,
): readonly AwsHistoryEvent[] => {
  const first = commits[0];
  if (!first) return [];
  const { tenant, aggregate, aggregateId } = first.commit;
  const events: AwsHistoryEvent[] = [];
  /** By frame, the last event of its line: what the next one names as the one before it. */
  const lastIds = new Map<FrameId, number>();
  const append = ({ frame, events: shown }: Shown, timestamp: Instant): void => {
    for (const { type, details } of shown) {
      const id = events.length + 1;
      const previousEventId = frame === undefined ? 0 : (lastIds.get(frame) ?? 0);
      events.push({ id, previousEventId, timestamp, type, ...(details ? { [details.name]: details.body } : {}) });
      if (frame !== undefined) lastIds.set(frame, id);
    }
  };
  let state = initialExecution({ tenant, aggregate, aggregateId });
  for (const logged of commits) {
    state = walkCommit(state, logged, (walked) => append(shownOf(walked, machine, place), walked.command.at));
  }
  return events;
};

const shownOf = (walked: WalkedEvent<ExecutionState>, machine: Machine, place: AwsPlace): Shown => {
  const { event, command, before, after } = walked;
  switch (event.type) {
    case 'ExecutionStarted': {
      const input = command.type === 'StartExecution' ? command.body.input : null;
      const details = { ...inputFields(input), roleArn: place.roleArn };
      // The first state of AWS's history follows nothing, not even this.
      return outside('ExecutionStarted', 'executionStartedEventDetails', details);
    }
    case 'StateEntered':
      return entered(machine, event.frame, event.state, frameOf(after.frames, event.frame).data);
    case 'StateExited':
      return exited(machine, event.frame, event.state, frameOf(after.frames, event.frame).data);
    case 'StepScheduled': {
      const attempt = mustAttempt(after, `${after.version + 1}.${walked.index}`);
      return { frame: event.frame, events: scheduledEvents(attempt, place.region) };
    }
    case 'StepSucceeded': {
      const attempt = mustAttempt(before, event.token);
      const output = command.type === 'CompleteStep' ? command.body.output : null;
      return { frame: attempt.frame, events: [succeededEvent(attempt, output)] };
    }
    case 'StepFailed': {
      const attempt = mustAttempt(before, event.token);
      const { error, cause } = command.type === 'FailStep' ? command.body : {};
      return { frame: attempt.frame, events: [failedEvent(attempt, error, cause)] };
    }
    case 'StepTimedOut': {
      const attempt = mustAttempt(before, event.token);
      const error = event.kind === 'timeout' ? 'States.Timeout' : 'States.HeartbeatTimeout';
      return { frame: attempt.frame, events: [timedOutEvent(attempt, error)] };
    }
    case 'ExecutionSucceeded':
      return ended('ExecutionSucceeded', outputFields(after.end?.output ?? null));
    case 'ExecutionFailed':
      return ended('ExecutionFailed', errorFields(event.error || undefined, event.cause || undefined));
    case 'ExecutionCancelled': {
      const reason = command.type === 'CancelExecution' ? command.body.reason : undefined;
      return outside('ExecutionAborted', 'executionAbortedEventDetails', errorFields(undefined, reason));
    }
    case 'ExecutionTimedOut':
      return outside('ExecutionTimedOut', 'executionTimedOutEventDetails', {});
    case 'StepCancelled':
    case 'StepHeartbeatRecorded':
    case 'RetryScheduled':
    case 'ErrorCaught':
    case 'TimerArmed':
    case 'TimerFired':
    case 'TimerCancelled':
    case 'ContinuationRequested':
      return NOTHING;
    default:
      return assertNever(event);
  }
};

const mustAttempt = (state: ExecutionState, token: string) => {
  const attempt = Object.hasOwn(state.attempts, token) ? state.attempts[token] : undefined;
  if (!attempt) throw new Error(`attempt ${token} is not open`);
  return attempt;
};

/** What comes from outside the machine follows no state. */
const outside = (type: string, name: `${string}EventDetails`, body: JsonObject): Shown => ({
  frame: undefined,
  events: [{ type, details: { name, body } }],
});

const ended = (type: 'ExecutionSucceeded' | 'ExecutionFailed', body: JsonObject): Shown => ({
  frame: ROOT_FRAME,
  events: [
    {
      type,
      details: {
        name: type === 'ExecutionFailed' ? 'executionFailedEventDetails' : 'executionSucceededEventDetails',
        body,
      },
    },
  ],
});

const typeOf = (machine: Machine, name: string): string => {
  const state = Object.hasOwn(machine.states, name) ? machine.states[name] : undefined;
  if (!state) throw new Error(`the machine has no state '${name}'`);
  return state.type;
};

const entered = (machine: Machine, frame: FrameId, name: string, input: Json): Shown => ({
  frame,
  events: [
    {
      type: `${typeOf(machine, name)}StateEntered`,
      details: { name: 'stateEnteredEventDetails', body: { name, ...inputFields(input) } },
    },
  ],
});

const exited = (machine: Machine, frame: FrameId, name: string, output: Json): Shown => ({
  frame,
  events: [
    {
      type: `${typeOf(machine, name)}StateExited`,
      details: { name: 'stateExitedEventDetails', body: { name, ...outputFields(output) } },
    },
  ],
});
