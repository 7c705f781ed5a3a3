import { assertNever, isTerminal } from '@throughline/contracts';
import { completeDelivery, failDelivery, fireDeliveryTimer, retryDelivery } from '../delivery/decide-delivery.ts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { cancelExecution } from './cancel-execution.ts';
import { completeChild, recordChildStart } from './child-reports.ts';
import { completeStep } from './complete-step.ts';
import { continueExecution } from './continue-execution.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { failStep } from './fail-step.ts';
import { fireTimer } from './fire-timer.ts';
import { recordHeartbeat } from './record-heartbeat.ts';
import { startExecution } from './start-execution.ts';

export const decideExecution = (
  state: ExecutionState,
  command: ExecutionCommandRecord,
  env: Env,
): ExecutionDecision => {
  if (command.type === 'StartExecution') return startExecution(state, command, env);
  if (state.status === 'none') return refused('TL0105', `there is no execution ${state.ref.aggregateId}`);
  // What it leads to is a report of what there is, and no event.
  if (command.type === 'ReportToParent') return { kind: 'ignored' };
  // Of ended executions.
  switch (command.type) {
    case 'CompleteDelivery':
      return completeDelivery(state, command, env);
    case 'FailDelivery':
      return failDelivery(state, command, env);
    case 'RetryDelivery':
      return retryDelivery(state, command, env);
  }
  const fired = command.type === 'FireTimer' && state.delivery ? fireDeliveryTimer(state, command, env) : undefined;
  if (fired) return fired;
  if (isTerminal(state.status)) {
    return refused('TL0106', `execution ${state.ref.aggregateId} has ended: ${state.status}`);
  }
  switch (command.type) {
    case 'CompleteStep':
    case 'CompleteCallback':
      return completeStep(state, command, env);
    case 'FailStep':
    case 'FailCallback':
    case 'FailChild':
      return failStep(state, command, env);
    case 'RecordChildStart':
      return recordChildStart(state, command, env);
    case 'CompleteChild':
      return completeChild(state, command, env);
    case 'RecordHeartbeat':
      return recordHeartbeat(state, command, env);
    case 'FireTimer':
      return fireTimer(state, command, env);
    case 'CancelExecution':
      return cancelExecution(state, command, env);
    case 'ContinueExecution':
      return continueExecution(state, command, env);
    default:
      return assertNever(command);
  }
};
