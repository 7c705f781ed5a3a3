import { assertNever, type AttemptToken, type ExecutionEvent } from '@throughline/contracts';
import { withLockTaken } from './asset-locks.ts';
import { classificationOf } from './classification/classification.ts';
import type { ExecutionCommandRecord } from './decider.ts';
import { evolveDeliveries } from './delivery/evolve-delivery.ts';
import { valueOf } from './event-data.ts';
import { evolveControl, withPhase } from './evolve-control.ts';
import { withCut } from './evolve-cut.ts';
import { originAdopted, stepReleased } from './evolve-derived.ts';
import { ended, started } from './evolve-ends.ts';
import {
  branchFailed,
  branchStarted,
  iterationAborted,
  iterationFailed,
  iterationStarted,
  mapItemsRead,
  mapRunStarted,
  mapStarted,
  parallelStarted,
} from './evolve-fan-out.ts';
import { locksRequested, lockWaitEnded } from './evolve-locks.ts';
import { counted, entered, exited, mapRunEvents, withoutChildren } from './evolve-states.ts';
import {
  attemptClosed,
  attemptCut,
  attemptEnded,
  mustAttempt,
  retryScheduled,
  stepOffered,
  stepScheduled,
  stepSubmitted,
} from './evolve-steps.ts';
import { timerArmed, timerClosed } from './evolve-timers.ts';
import type { ExecutionState } from './execution-state.ts';
import { frameOf, mayMove, ROOT_FRAME } from './frames.ts';
import { transition } from './status.ts';

/**
 * One event folded. The log holds what evaluation gave, so this never looks at the machine. Every case copies the state
 * once, in one literal: merging partial states instead costs several times as much, and this runs for every event.
 */
export const evolve = (
  state: ExecutionState,
  event: ExecutionEvent,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const applied = apply(state, event, command);
  // The last frame that could move has moved, or is gone. One that stayed would keep a later round from asking anew.
  const after = applied.continuation && !mayMove(applied.frames) ? { ...applied, continuation: null } : applied;
  const cut = withCut(state, after, event);
  return cut.status === state.status ? cut : withPhase(state, cut, command.at);
};

const apply = (state: ExecutionState, event: ExecutionEvent, command: ExecutionCommandRecord): ExecutionState => {
  switch (event.type) {
    case 'ExecutionStarted':
      return started(state, event, command);
    case 'OriginAdopted':
      return originAdopted(state, command);
    case 'StepReleased':
      return stepReleased(state, event);
    case 'PreflightPassed':
      // The start that requires it is found in order before anything else becomes of it.
      return {
        ...state,
        roundEvents: state.roundEvents + 1,
        status: transition(state.status, state.hold === 'queued' ? 'queued' : 'running'),
      };
    case 'ExecutionClassified':
      return { ...state, roundEvents: state.roundEvents + 1, classification: classificationOf(event) };
    case 'StateEntered':
      return entered(state, event, command);
    case 'StateExited':
      return exited(state, event, command);
    case 'EvaluationFailed':
    case 'StateAborted':
      return counted(state, event.frame, 1);
    case 'StepScheduled':
      return stepScheduled(state, event, command);
    case 'StepSubmitted':
      return stepSubmitted(state, event.token);
    case 'StepSucceeded':
    case 'StepFailed':
      return attemptEnded(state, event.token);
    case 'StepTimedOut':
      return attemptCut(attemptEnded(state, event.token), mustAttempt(state, event.token), 'expired', command);
    case 'StepCancelled':
      // AWS's history has no event for it.
      return attemptCut(attemptClosed(state, event.token, 0), mustAttempt(state, event.token), 'cancelled', command);
    case 'StepOffered':
      return stepOffered(state, event.token);
    case 'StepDeferred':
    case 'StepHeartbeatRecorded': {
      const attempt = { ...mustAttempt(state, event.token), lastSeenAt: command.at };
      return { ...state, roundEvents: state.roundEvents + 1, attempts: state.attempts.set(event.token, attempt) };
    }
    case 'ParallelStarted':
      return parallelStarted(state, event, valueOf(event.input, frameOf(state.frames, event.frame).data, command));
    case 'BranchStarted':
      return branchStarted(state, event, command);
    case 'BranchFailed':
      return branchFailed(state, event);
    case 'MapStarted':
      return mapStarted(state, event, valueOf(event.items, frameOf(state.frames, event.frame).data, command));
    case 'MapRunStarted':
      return mapRunStarted(state, event);
    case 'MapItemsRead':
      return mapItemsRead(state, event, valueOf(event.items, frameOf(state.frames, event.frame).data, command));
    case 'IterationStarted':
      return iterationStarted(state, event, command, (item) => valueOf(event.input, item, command));
    case 'IterationFailed':
      return iterationFailed(state, event);
    case 'IterationAborted':
      return iterationAborted(state, event);
    case 'ParallelSucceeded':
      return counted(state, event.frame, 1, { phase: { kind: 'inside' } });
    case 'MapSucceeded':
      return counted(state, event.frame, mapRunEvents(state, event.frame), { phase: { kind: 'inside' } });
    case 'ParallelFailed':
      return withoutChildren(counted(state, event.frame, 1), event.frame);
    case 'MapFailed':
      return withoutChildren(counted(state, event.frame, mapRunEvents(state, event.frame)), event.frame);
    case 'LocksRequested':
      return locksRequested(state, event, command);
    case 'LockTaken':
      return { ...state, roundEvents: state.roundEvents + 1, locks: withLockTaken(state.locks, event) };
    case 'LockWaitEnded':
      return lockWaitEnded(state, event);
    case 'RetryScheduled':
      return retryScheduled(state, event);
    case 'ErrorCaught':
      return { ...state, roundEvents: state.roundEvents + 1 };
    case 'TimerArmed':
      return timerArmed(state, event, command);
    case 'TimerFired':
    case 'TimerCancelled':
      return timerClosed(state, event);
    case 'ContinuationRequested':
      return {
        ...state,
        roundEvents: state.roundEvents + 1,
        continuation: {
          version: state.version + 1,
          index: state.roundEvents,
          traceparent: command.traceparent ?? null,
        },
        continuationsWithoutProgress: state.continuationsWithoutProgress + 1,
        continuationsWithoutWait: state.continuationsWithoutWait + 1,
      };
    case 'ExecutionPaused':
    case 'ExecutionResumed':
    case 'ReviewRequested':
    case 'CancellationRequested':
    case 'ExecutionReopened':
    case 'StateSkipped':
    case 'SignalStored':
    case 'SignalTaken':
    case 'ApprovalRequested':
    case 'ApprovalGiven':
    case 'ApprovalClosed':
    case 'ExecutionAnnotated':
    case 'ExecutionMigrated':
      return evolveControl(state, event, command);
    case 'ExecutionSucceeded':
      return ended(state, 'succeeded', { at: command.at, output: frameOf(state.frames, ROOT_FRAME).data });
    case 'ExecutionFailed':
      return ended(state, 'failed', {
        at: command.at,
        ...(event.error === undefined ? {} : { error: event.error }),
        ...(event.cause === undefined ? {} : { cause: event.cause }),
      });
    case 'ExecutionCancelled':
      return ended(state, 'cancelled', { at: command.at });
    case 'ExecutionTimedOut':
      return ended(state, 'timed_out', { at: command.at, error: 'States.Timeout' });
    case 'DeliveryScheduled':
    case 'DeliveryAttemptStarted':
    case 'DeliveryAttemptFailed':
    case 'DeliverySucceeded':
    case 'DeliveryFailed': {
      // The cast names what the two numbers make: the event's place on the log.
      const place = `${state.version + 1}.${state.roundEvents}` as AttemptToken;
      const delivery = evolveDeliveries(state.delivery, event, command, place);
      return { ...state, roundEvents: state.roundEvents + 1, delivery };
    }
    default:
      return assertNever(event);
  }
};
