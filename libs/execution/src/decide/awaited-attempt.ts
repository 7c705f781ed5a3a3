import { childAwaits } from '@throughline/asl';
import { assertNever } from '@throughline/contracts';
import { type ExecutionCommandRecord, refused } from '../decider.ts';
import { attemptOf, type ExecutionState, type OpenAttempt } from '../execution-state.ts';
import type { ExecutionDecision } from './execution-decision.ts';

/** Commands that say how an attempt fares or went. */
export type Report = Extract<
  ExecutionCommandRecord,
  {
    type:
      | 'CompleteStep'
      | 'FailStep'
      | 'DeferStep'
      | 'CompleteCallback'
      | 'FailCallback'
      | 'RecordChildStart'
      | 'CompleteChild'
      | 'FailChild'
      | 'AnswerFromRecord';
  }
>;

type Awaited =
  | { readonly ok: true; readonly attempt: OpenAttempt }
  | { readonly ok: false; readonly refusal: Extract<ExecutionDecision, { kind: 'refused' }> };

/** The open attempt that a report is about, where it is one that the attempt awaits: whoever else knows the token has no say. */
export const awaitedAttempt = (state: ExecutionState, report: Report): Awaited => {
  const { token } = report.body;
  const attempt = attemptOf(state, token);
  if (!attempt) return { ok: false, refusal: refused('TL0107', `attempt ${token} is not open`) };
  if (isAwaited(attempt, report)) return { ok: true, attempt };
  return { ok: false, refusal: refused('TL0107', `attempt ${token} awaits no ${report.type}`) };
};

const isAwaited = ({ awaits, resource, submitted }: OpenAttempt, report: Report): boolean => {
  const child = awaits === 'child' ? childAwaits(resource) : undefined;
  switch (report.type) {
    case 'CompleteStep':
    case 'FailStep':
    case 'DeferStep':
      // Workers run everything but children. What awaits a callback they hand on once, and have no say afterwards.
      return awaits === 'result' || awaits === 'job' || (awaits !== 'record' && child === undefined && !submitted);
    case 'CompleteCallback':
    case 'FailCallback':
      return awaits === 'callback' || awaits === 'activity' || child === 'callback';
    case 'RecordChildStart':
      return child === report.body.awaits;
    case 'CompleteChild':
      return child === 'end' || child === 'end-as-json';
    case 'AnswerFromRecord':
      return awaits === 'record';
    case 'FailChild':
      // A child that could not be started fails its attempt, whatever that waits for.
      return child !== undefined;
    default:
      return assertNever(report);
  }
};
