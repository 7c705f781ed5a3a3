import { type ControlCommandType, type ExecutionStatus, isTerminal, type Refusal } from '@throughline/contracts';
import { refused } from '../decider.ts';

const OPEN = ['queued', 'preflight', 'awaiting_approval', 'running', 'waiting', 'paused', 'needs_review'] as const;
const ENDED_BADLY = ['failed', 'timed_out', 'cancelled'] as const;

/** In which statuses an execution takes what people command. `docs/lifecycle.md` shows the table, and a spec walks it. */
export const ALLOWED_IN: Readonly<Record<ControlCommandType, readonly ExecutionStatus[]>> = {
  PauseExecution: ['queued', 'awaiting_approval', 'running', 'waiting'],
  ResumeExecution: ['paused', 'needs_review', ...ENDED_BADLY],
  RetryExecution: ['failed', 'timed_out'],
  RedriveExecution: ENDED_BADLY,
  CancelExecution: OPEN,
  TerminateExecution: [...OPEN, 'cancelling'],
  SignalExecution: OPEN,
  // Whether the approval itself is pending is asked afterwards.
  DecideApproval: OPEN,
  MigrateExecution: OPEN,
  AnnotateExecution: [...OPEN, 'cancelling', 'succeeded', ...ENDED_BADLY],
};

export const isControlCommand = (type: string): type is ControlCommandType => Object.hasOwn(ALLOWED_IN, type);

export const refusalIn = (
  status: ExecutionStatus,
  type: ControlCommandType,
  id: string,
): { kind: 'refused'; refusal: Refusal } | undefined => {
  if (ALLOWED_IN[type].includes(status)) return undefined;
  if (isTerminal(status)) return refused('TL0106', `execution ${id} has ended: ${status}`);
  const allowed = ALLOWED_IN[type];
  return refused('TL0120', `execution ${id} is ${status}; ${type} takes one that is ${allowed.join(', ')}`, {
    status,
    allowed,
  });
};
