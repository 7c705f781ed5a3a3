import { parseInstant, formatInstant } from '@throughline/asl';
import { assertNever, type AttemptToken, type ExecutionEvent, type Instant } from '@throughline/contracts';
import type { Map } from 'immutable';
import type { Approval, ApprovalStatus } from './approvals.ts';
import type { ExecutionCommandRecord } from './decider.ts';
import type { ArmedTimer, ExecutionState, OpenAttempt } from './execution-state.ts';
import { frameOf, type Frames, mayMove, reopenedFrames, rootFrame, withFrame } from './frames.ts';
import { transition } from './status.ts';

/** The events by which people steer an execution. */
export type ControlEvent = Extract<
  ExecutionEvent,
  {
    type:
      | 'ExecutionPaused'
      | 'ExecutionResumed'
      | 'ReviewRequested'
      | 'CancellationRequested'
      | 'ExecutionReopened'
      | 'StateSkipped'
      | 'SignalStored'
      | 'SignalTaken'
      | 'ApprovalRequested'
      | 'ApprovalGiven'
      | 'ApprovalClosed'
      | 'ExecutionAnnotated'
      | 'ExecutionMigrated';
  }
>;

export const evolveControl = (
  state: ExecutionState,
  event: ControlEvent,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const counted = { ...state, roundEvents: state.roundEvents + 1 };
  switch (event.type) {
    case 'ExecutionPaused':
      return { ...counted, status: transition(state.status, 'paused'), pausedAt: command.at };
    case 'ExecutionResumed':
      return resumed(counted, command.at);
    case 'ReviewRequested':
      return { ...counted, hold: 'needs_review', status: transition(state.status, 'needs_review') };
    case 'CancellationRequested':
      return { ...counted, hold: 'cancelling', pausedAt: null, status: transition(state.status, 'cancelling') };
    case 'ExecutionReopened':
      return reopened(counted, event.n);
    case 'StateSkipped': {
      const frame = frameOf(state.frames, event.frame);
      return { ...counted, frames: withFrame(state.frames, { ...frame, phase: { kind: 'inside' } }) };
    }
    case 'SignalStored': {
      if (command.type !== 'SignalExecution') throw new Error(`a signal stored by a ${command.type}`);
      const { name, payload } = command.body;
      return { ...counted, signals: [...state.signals, { name, payload }] };
    }
    case 'SignalTaken': {
      const taken = state.signals.findIndex(({ name }) => name === event.name);
      return { ...counted, signals: state.signals.filter((_signal, index) => index !== taken) };
    }
    case 'ApprovalRequested':
      return approvalRequested(counted, event, command);
    case 'ApprovalGiven':
      return { ...counted, approvals: withDecision(state, event.approval, command) };
    case 'ApprovalClosed':
      return approvalClosed(counted, event, command);
    case 'ExecutionAnnotated':
      return annotated(counted, command);
    case 'ExecutionMigrated':
      return migrated(counted, event);
    default:
      return assertNever(event);
  }
};

/** What a status is that is neither an end nor somebody's decision. */
type Moving = 'running' | 'waiting' | 'awaiting_approval';

/** The status after a change in what runs; a pause or hold stays one. */
export const moving = (state: ExecutionState, to: Moving): ExecutionState['status'] =>
  state.hold !== null || state.pausedAt !== null ? state.status : transition(state.status, to);

/** What an execution does whose frames stand like that: people come before timers. */
export const restingAs = (attempts: Map<string, OpenAttempt>, frames: Frames): Moving => {
  // All that is left to do is to end, where the last state was left during a pause.
  if (mayMove(frames) || rootFrame(frames)?.phase.kind === 'ended') return 'running';
  if (attempts.size === 0) return 'waiting';
  let isAsked = false;
  for (const { awaits } of attempts.values()) {
    if (awaits === 'approval') isAsked = true;
    else if (awaits !== 'signal') return 'running';
  }
  return isAsked ? 'awaiting_approval' : 'waiting';
};

const msOf = (at: Instant): number => {
  const ms = parseInstant(at);
  if (ms === undefined) throw new Error(`not an instant: ${at}`);
  return ms;
};

/** Adds the time that the execution had its status before. */
export const withPhase = (before: ExecutionState, after: ExecutionState, at: Instant): ExecutionState => {
  const { status, statusSince, phases } = before;
  if (status === 'none' || statusSince === null) return { ...after, statusSince: at };
  const spent = (phases[status] ?? 0) + msOf(at) - msOf(statusSince);
  return { ...after, statusSince: at, phases: { ...phases, [status]: spent } };
};

/** What was left of every timer is left of it again, and of every heartbeat. A review that is asked for has taken place. */
const resumed = (state: ExecutionState, at: Instant): ExecutionState => {
  const hold = state.hold === 'needs_review' && state.pausedAt === null ? null : state.hold;
  const reviewed = state.reviewed || hold !== state.hold;
  const { pausedAt } = state;
  const running = pausedAt === null ? state : withShiftedTimes(state, pausedAt, msOf(at) - msOf(pausedAt));
  return {
    ...running,
    pausedAt: null,
    hold,
    reviewed,
    status: transition(state.status, hold ?? restingAs(state.attempts, state.frames)),
  };
};

/** A timer that is armed during a pause has all of its time left when the pause ends. */
export const asOfPause = (dueAt: Instant, armedAt: Instant, pausedAt: Instant): Instant =>
  formatInstant(msOf(dueAt) - (msOf(armedAt) - msOf(pausedAt)));

const withShiftedTimes = (state: ExecutionState, pausedAt: Instant, byMs: number): ExecutionState => {
  const later = (at: Instant): Instant => formatInstant(msOf(at) + byMs);
  return {
    ...state,
    timers: state.timers.map((timer): ArmedTimer => ({ ...timer, dueAt: later(timer.dueAt) })),
    attempts: state.attempts.map((attempt) =>
      // Who was heard during the pause has as long again from then on.
      attempt.lastSeenAt > pausedAt ? attempt : { ...attempt, lastSeenAt: later(attempt.lastSeenAt) },
    ),
    approvals: state.approvals.map((approval) =>
      approval.status === 'pending' && approval.expiresAt !== null
        ? { ...approval, expiresAt: later(approval.expiresAt) }
        : approval,
    ),
  };
};

const reopened = (state: ExecutionState, n: number): ExecutionState => ({
  ...state,
  status: transition(state.status, 'running'),
  frames: reopenedFrames(state.cutFrom ?? state.frames, state.status === 'failed' || state.status === 'timed_out'),
  cutFrom: null,
  hold: null,
  pausedAt: null,
  delivery: state.delivery === null ? null : { ...state.delivery, list: [] },
  reopened: n,
  end: null,
  continuationsWithoutProgress: 0,
  continuationsWithoutWait: 0,
  // AWS writes ExecutionRedriven.
  historyEventId: state.historyEventId + 1,
});

const approvalRequested = (
  state: ExecutionState,
  event: Extract<ControlEvent, { type: 'ApprovalRequested' }>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  const token = event.token ?? null;
  const approval: Approval = {
    id: event.approval,
    token,
    state: token === null ? null : (state.attempts.get(token)?.state ?? null),
    status: 'pending',
    contentHash: event.contentHash,
    required: event.required,
    roles: event.roles,
    approvers: event.approvers,
    signature: event.signature,
    requestedAt: command.at,
    expiresAt: event.expiresAt ?? null,
    closedAt: null,
    decisions: [],
  };
  const approvals = state.approvals.set(approval.id, approval);
  return token === null
    ? { ...state, approvals, hold: 'awaiting_approval', status: transition(state.status, 'awaiting_approval') }
    : { ...state, approvals };
};

const mustApproval = (state: ExecutionState, id: string): Approval => {
  const approval = state.approvals.get(id);
  if (!approval) throw new Error(`no approval ${id} of ${state.ref.aggregateId}`);
  return approval;
};

const withDecision = (state: ExecutionState, id: string, command: ExecutionCommandRecord): Map<string, Approval> => {
  if (command.type !== 'DecideApproval') throw new Error(`an approval decided by a ${command.type}`);
  const approval = mustApproval(state, id);
  const { decision, roles, comment, signature } = command.body;
  const said = {
    by: command.actor.id,
    roles,
    decision,
    at: command.at,
    ...(comment === undefined ? {} : { comment }),
    ...(signature === undefined ? {} : { signature }),
  };
  return state.approvals.set(id, { ...approval, decisions: [...approval.decisions, said] });
};

const approvalClosed = (
  state: ExecutionState,
  event: Extract<ControlEvent, { type: 'ApprovalClosed' }>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  // A rejection is a decision too.
  const decided = command.type === 'DecideApproval' && command.body.decision === 'reject';
  const approvals = decided ? withDecision(state, event.approval, command) : state.approvals;
  const approval = mustApproval(state, event.approval);
  const closed = { ...(approvals.get(event.approval) ?? approval), status: event.outcome, closedAt: command.at };
  const after = { ...state, approvals: approvals.set(event.approval, closed) };
  if (approval.token !== null || state.hold !== 'awaiting_approval') return after;
  const status = state.pausedAt === null ? transition(state.status, 'running') : state.status;
  return { ...after, hold: null, status };
};

/** Nobody waits any more for what an attempt, or with none given any attempt, had to be agreed to. */
export const withClosedApprovals = (
  state: ExecutionState,
  token: AttemptToken | undefined,
  status: Extract<ApprovalStatus, 'expired' | 'cancelled'>,
  at: Instant,
): Map<string, Approval> =>
  state.approvals.size === 0
    ? state.approvals
    : state.approvals.map((approval) =>
        approval.status === 'pending' && (token === undefined || approval.token === token)
          ? { ...approval, status, closedAt: at }
          : approval,
      );

const annotated = (state: ExecutionState, command: ExecutionCommandRecord): ExecutionState => {
  if (command.type !== 'AnnotateExecution') throw new Error(`annotated by a ${command.type}`);
  const { attributes, labels } = command.body;
  return {
    ...state,
    ...(attributes === undefined ? {} : { attributes: { ...state.attributes, ...attributes } }),
    ...(labels === undefined ? {} : { labels: { ...state.labels, ...labels } }),
  };
};

/** The start's own time has come: the execution is no longer queued. */
export const withoutQueue = (state: ExecutionState): Pick<ExecutionState, 'hold' | 'status'> => ({
  hold: null,
  status: state.pausedAt === null ? transition(state.status, 'running') : state.status,
});

/** What was decided stays decided: only what is to come is another definition's. */
const migrated = (
  state: ExecutionState,
  { workflow, errorRules }: Extract<ControlEvent, { type: 'ExecutionMigrated' }>,
): ExecutionState => {
  if (!state.start) throw new Error(`${state.ref.aggregateId} moves without a start`);
  return { ...state, start: { ...state.start, workflow, errorRules: errorRules ?? null } };
};
