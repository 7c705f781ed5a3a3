import { assertNever, type ExecutionEvent, type Json, type JsonObject, type StateType } from '@throughline/contracts';
import {
  type CommitAt,
  type ExecutionCommandRecord,
  type ExecutionState,
  type FrameId,
  frameOf,
  initialExecution,
  isInExecutionHistory,
  outputLeft,
  ROLE_ARN,
  ROOT_FRAME,
  showsSteps,
  stepFailure,
  stepOutput,
  statesArn,
  walkCommit,
  type WalkedEvent,
} from '@throughline/execution';
import {
  assignedFields,
  type AwsEventBody,
  type AwsHistoryEvent,
  errorFields,
  inputFields,
  outputFields,
} from './aws-event.ts';
import { EventLines } from './event-lines.ts';
import { fanOutEvents, iterationEvent } from './fan-out-events.ts';
import {
  failedEvent,
  scheduledEvents,
  workerFailedEvent,
  submittedEvent,
  succeededEvent,
  timedOutEvent,
} from './task-events.ts';

/** An event of ours as AWS's events, and the frame whose line of events they continue. */
interface Shown {
  readonly frame: FrameId | undefined;
  readonly events: readonly AwsEventBody[];
}
type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

const NOTHING: Shown = { frame: undefined, events: [] };

/**
 * The execution as AWS's GetExecutionHistory shows it. The nth event has id n: the state's own count, which AWS's cause
 * texts quote, says the same. Iterations of a distributed Map are executions of their own there, and do not show.
 */
export const awsHistory = (commits: readonly CommitAt[]): readonly AwsHistoryEvent[] =>
  [...awsHistoryInSteps(commits)].flat();

/** The same commit by commit: a long history can be read up to a point, and others can have their turn in between. */
export function* awsHistoryInSteps(
  commits: readonly CommitAt[],
): Generator<readonly AwsHistoryEvent[], void, undefined> {
  const first = commits[0];
  if (!first) return;
  const { tenant, aggregate, aggregateId } = first.commit;
  const lines = new EventLines();
  let state = initialExecution({ tenant, aggregate, aggregateId });
  for (const logged of commits) {
    const events: AwsHistoryEvent[] = [];
    state = walkCommit(state, logged, (walked) => {
      const { frame, events: shown } = visible(walked, shownOf(walked));
      for (const { type, details } of shown) {
        const place = lines.next(walked.event, frame, type);
        const timestamp = walked.command.at;
        events.push({ ...place, timestamp, type, ...(details ? { [details.name]: details.body } : {}) });
      }
      lines.after(walked.event);
    });
    yield events;
  }
}

/** Nothing, where the frame is part of another history, and where the step is an item reader's. */
const visible = ({ event, before, after }: WalkedEvent<ExecutionState>, shown: Shown): Shown => {
  if (shown.frame === undefined) return shown;
  const frames = before.frames.byId.has(shown.frame) ? before.frames : after.frames;
  if (event.type.startsWith('Step') && !showsSteps(frameOf(frames, shown.frame))) return NOTHING;
  return isInExecutionHistory(frames, shown.frame) ? shown : NOTHING;
};

const shownOf = (walked: WalkedEvent<ExecutionState>): Shown => {
  const { event, command, before, after } = walked;
  switch (event.type) {
    case 'ExecutionStarted': {
      const input = command.type === 'StartExecution' ? command.body.input : null;
      const details = { ...inputFields(input), roleArn: ROLE_ARN };
      // The first state of AWS's history follows nothing, not even this.
      return outside('ExecutionStarted', 'executionStartedEventDetails', details);
    }
    case 'StateEntered':
      return entered(event.stateType, event.frame, event.state, frameOf(after.frames, event.frame).data);
    case 'StateExited':
      return exited(walked, event);
    case 'EvaluationFailed': {
      const { state, error, cause, location } = event;
      const where: JsonObject = location === undefined ? {} : { location };
      return inFrame(event.frame, 'EvaluationFailed', { ...errorFields(error, cause), ...where, state });
    }
    case 'StateAborted':
      return inFrame(event.frame, `${event.stateType}StateAborted`);
    case 'ParallelStarted':
    case 'ParallelSucceeded':
    case 'ParallelFailed':
    case 'MapStarted':
    case 'MapRunStarted':
    case 'IterationStarted':
    case 'IterationFailed':
    case 'IterationAborted':
    case 'MapSucceeded':
    case 'MapFailed':
    case 'RetryScheduled':
      return fanOutEvents(event, before, mapRunArn(walked, event.frame));
    case 'StepScheduled': {
      const attempt = mustAttempt(after, `${after.version + 1}.${walked.index}`);
      return { frame: event.frame, events: scheduledEvents(attempt) };
    }
    case 'StepSucceeded': {
      const attempt = mustAttempt(before, event.token);
      return { frame: attempt.frame, events: [succeededEvent(attempt, stepOutput(event, command) ?? null)] };
    }
    case 'StepFailed': {
      const attempt = mustAttempt(before, event.token);
      const { error, cause } = stepFailure(event, command);
      const failed =
        command.type === 'FailStep' || command.type === 'FailChild' || command.type === 'FailLock'
          ? workerFailedEvent
          : failedEvent;
      return { frame: attempt.frame, events: [failed(attempt, error, cause)] };
    }
    case 'StepSubmitted': {
      const attempt = mustAttempt(before, event.token);
      const worker = command.type === 'CompleteStep' ? command.body.worker : undefined;
      return { frame: attempt.frame, events: [submittedEvent(attempt, submissionOf(command), worker)] };
    }
    case 'StepTimedOut': {
      const attempt = mustAttempt(before, event.token);
      // Of whichever kind it is, AWS calls it so.
      return { frame: attempt.frame, events: [timedOutEvent(attempt, 'States.Timeout')] };
    }
    case 'ExecutionSucceeded':
      return ended('ExecutionSucceeded', outputFields(after.end?.output ?? null));
    case 'ExecutionFailed':
      return ended('ExecutionFailed', errorFields(event.error || undefined, event.cause || undefined));
    case 'ExecutionCancelled': {
      const { error, cause } = abortionOf(command);
      return outside('ExecutionAborted', 'executionAbortedEventDetails', errorFields(error, cause));
    }
    case 'ExecutionTimedOut':
      return outside('ExecutionTimedOut', 'executionTimedOutEventDetails', errorFields('States.Timeout', undefined));
    case 'ExecutionReopened':
      return outside('ExecutionRedriven', 'executionRedrivenEventDetails', { redriveCount: event.n });
    case 'ExecutionPaused':
    case 'ExecutionResumed':
    case 'ReviewRequested':
    case 'CancellationRequested':
    case 'StateSkipped':
    case 'SignalStored':
    case 'SignalTaken':
    case 'ApprovalRequested':
    case 'ApprovalGiven':
    case 'ApprovalClosed':
    case 'ExecutionAnnotated':
    case 'ExecutionMigrated':
    case 'ExecutionClassified':
    case 'PreflightPassed':
    case 'OriginAdopted':
    case 'StepReleased':
    case 'BranchStarted':
    case 'BranchFailed':
    case 'StepCancelled':
    case 'StepHeartbeatRecorded':
    case 'StepDeferred':
    case 'StepOffered':
    case 'MapItemsRead':
    case 'LocksRequested':
    case 'LockTaken':
    case 'LockWaitEnded':
    case 'ErrorCaught':
    case 'TimerArmed':
    case 'TimerFired':
    case 'TimerCancelled':
    case 'ContinuationRequested':
    case 'DeliveryScheduled':
    case 'DeliveryAttemptStarted':
    case 'DeliveryAttemptFailed':
    case 'DeliverySucceeded':
    case 'DeliveryFailed':
      return NOTHING;
    default:
      return assertNever(event);
  }
};

const mustAttempt = (state: ExecutionState, token: string) => {
  const attempt = state.attempts.get(token);
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

const inFrame = (frame: FrameId, type: string, body?: JsonObject): Shown => ({
  frame,
  events: [
    {
      type,
      ...(body && { details: { name: `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`, body } }),
    },
  ],
});

const entered = (stateType: StateType, frame: FrameId, name: string, input: Json): Shown => ({
  frame,
  events: [
    {
      type: `${stateType}StateEntered`,
      details: { name: 'stateEnteredEventDetails', body: { name, ...inputFields(input) } },
    },
  ],
});

/** The end of an iteration is the exit of its last state; AWS writes both. */
const exited = ({ before, after }: WalkedEvent<ExecutionState>, event: EventOf<'StateExited'>): Shown => {
  const frame = frameOf(before.frames, event.frame);
  const body = {
    name: event.state,
    ...outputFields(outputLeft(after.frames, frame) ?? null),
    ...assignedFields(event.assigned),
  };
  const exit: AwsEventBody = {
    type: `${frame.stateType}StateExited`,
    details: { name: 'stateExitedEventDetails', body },
  };
  const parent = event.next === undefined && frame.parent !== null ? frameOf(before.frames, frame.parent) : undefined;
  if (parent?.fanOut?.kind !== 'map') return { frame: event.frame, events: [exit] };
  const ended = iterationEvent('MapIterationSucceeded', parent.state, frame.index);
  return { frame: event.frame, events: [exit, ended] };
};

/** By the place on the log where it starts: the same whenever the history is read, and another for each retry. */
const mapRunArn = ({ before, index }: WalkedEvent<ExecutionState>, frame: FrameId): string => {
  const { state } = frameOf(before.frames, before.frames.byId.has(frame) ? frame : ROOT_FRAME);
  const run = `${before.ref.aggregateId}:${before.version + 1}-${index}`;
  return statesArn(`mapRun:${before.start?.workflow.name ?? ''}/${state}:${run}`);
};

/** What a child or whoever took the work answered first; a child that ended at once says both in one command. */
const submissionOf = ({ type, body }: ExecutionCommandRecord): Json | undefined => {
  if ('started' in body && body.started) return body.started;
  // A job's heartbeat or its end says that it runs, not what its submission gave.
  return 'output' in body && (type === 'CompleteStep' || type === 'RecordChildStart') ? body.output : undefined;
};

/** What whoever stopped the execution has said. */
const abortionOf = (command: ExecutionCommandRecord): { readonly error?: string; readonly cause?: string } => {
  if (command.type !== 'CancelExecution' && command.type !== 'TerminateExecution') return {};
  const { reason, error, cause = reason } = { error: undefined, cause: undefined, ...command.body };
  return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
};
