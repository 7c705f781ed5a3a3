import { type ExecutionStatus, isTerminal } from '@throughline/contracts';

/** From each status, where an execution may go next. Nothing else changes a status, and an event that would is a bug. */
export const LEGAL_TRANSITIONS: Readonly<Record<ExecutionStatus | 'none', readonly ExecutionStatus[]>> = {
  none: ['queued', 'preflight', 'awaiting_approval', 'running'],
  queued: ['preflight', 'awaiting_approval', 'running', 'paused', 'cancelling', 'cancelled', 'failed', 'timed_out'],
  preflight: [
    'queued',
    'awaiting_approval',
    'running',
    'needs_review',
    'cancelling',
    'cancelled',
    'failed',
    'timed_out',
  ],
  awaiting_approval: [
    'queued',
    'running',
    'waiting',
    'paused',
    'needs_review',
    'cancelling',
    'cancelled',
    'failed',
    'timed_out',
  ],
  running: [
    'waiting',
    'awaiting_approval',
    'paused',
    'needs_review',
    'cancelling',
    'succeeded',
    'failed',
    'cancelled',
    'timed_out',
  ],
  waiting: ['running', 'awaiting_approval', 'paused', 'needs_review', 'cancelling', 'failed', 'cancelled', 'timed_out'],
  paused: [
    'queued',
    'awaiting_approval',
    'running',
    'waiting',
    'needs_review',
    'cancelling',
    'failed',
    'cancelled',
    'timed_out',
  ],
  needs_review: ['awaiting_approval', 'running', 'waiting', 'paused', 'cancelling', 'failed', 'cancelled', 'timed_out'],
  cancelling: ['cancelled', 'failed', 'timed_out'],
  succeeded: [],
  // Only by being reopened.
  failed: ['running'],
  cancelled: ['running'],
  timed_out: ['running'],
};

export const isLegalTransition = (from: ExecutionStatus | 'none', to: ExecutionStatus): boolean =>
  from === to ? !isTerminal(from) : LEGAL_TRANSITIONS[from].includes(to);

export const transition = (from: ExecutionStatus | 'none', to: ExecutionStatus): ExecutionStatus => {
  if (!isLegalTransition(from, to)) throw new Error(`illegal transition from ${from} to ${to}`);
  return to;
};
