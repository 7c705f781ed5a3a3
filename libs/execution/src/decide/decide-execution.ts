import { assertNever, isTerminal } from '@throughline/contracts';
import { completeDelivery, failDelivery, fireDeliveryTimer, retryDelivery } from '../delivery/decide-delivery.ts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';
import { isControlCommand, refusalIn } from './allowed-commands.ts';
import { annotateExecution } from './annotate-execution.ts';
import { answerFromRecord } from './answer-from-record.ts';
import { cancelExecution } from './cancel-execution.ts';
import { completeChild, recordChildStart } from './child-reports.ts';
import { completeStep } from './complete-step.ts';
import { decideApproval } from './decide-approval.ts';
import { migrateExecution } from './migrate-execution.ts';
import { pauseExecution } from './pause-execution.ts';
import { reopenExecution } from './reopen-execution.ts';
import { resumeExecution } from './resume-execution.ts';
import { signalExecution } from './signal-execution.ts';
import { terminateExecution } from './terminate-execution.ts';
import { continueExecution } from './continue-execution.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { deferStep } from './defer-step.ts';
import { failStep } from './fail-step.ts';
import { fireTimer } from './fire-timer.ts';
import { failLock, recordLockGrant } from './lock-reports.ts';
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
  if (isControlCommand(command.type)) {
    const refusal = refusalIn(state.status, command.type, state.ref.aggregateId);
    if (refusal) return refusal;
  } else if (isTerminal(state.status)) {
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
    case 'DeferStep':
      return deferStep(state, command, env);
    case 'RecordChildStart':
      return recordChildStart(state, command, env);
    case 'CompleteChild':
      return completeChild(state, command, env);
    case 'RecordLockGrant':
      return recordLockGrant(state, command, env);
    case 'FailLock':
      return failLock(state, command, env);
    case 'RecordHeartbeat':
      return recordHeartbeat(state, command, env);
    case 'FireTimer':
      return fireTimer(state, command, env);
    case 'CancelExecution':
      return cancelExecution(state, command, env);
    case 'PauseExecution':
      return pauseExecution(state, command, env);
    case 'ResumeExecution':
      return resumeExecution(state, command, env);
    case 'RetryExecution':
      return reopenExecution(state, command, env, { by: 'retry', skipFailed: false });
    case 'RedriveExecution':
      return reopenExecution(state, command, env, { by: 'redrive', skipFailed: false });
    case 'TerminateExecution':
      return terminateExecution(state, command, env);
    case 'SignalExecution':
      return signalExecution(state, command, env);
    case 'DecideApproval':
      return decideApproval(state, command, env);
    case 'AnnotateExecution':
      return annotateExecution(state, command, env);
    case 'AnswerFromRecord':
      return answerFromRecord(state, command, env);
    case 'MigrateExecution':
      return migrateExecution(state, command, env);
    case 'ContinueExecution':
      return continueExecution(state, command, env);
    default:
      return assertNever(command);
  }
};
