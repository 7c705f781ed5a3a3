import type { ExecutionEvent } from '@throughline/contracts';
import type { ExecutionState } from './execution-state.ts';

/** Events by which a failure or a cancellation takes away what ran, before it ends the execution or is caught. */
const CUTTING: ReadonlySet<ExecutionEvent['type']> = new Set([
  'StepCancelled',
  'LockWaitEnded',
  'TimerCancelled',
  'StateAborted',
  'BranchFailed',
  'IterationFailed',
  'IterationAborted',
  'ParallelFailed',
  'MapFailed',
]);
/** These come in between, or last. */
const CUT_GOES_ON: ReadonlySet<ExecutionEvent['type']> = new Set([
  ...CUTTING,
  'EvaluationFailed',
  'ExecutionFailed',
  'ExecutionCancelled',
  'ExecutionTimedOut',
  'ExecutionAnnotated',
  'ExecutionMigrated',
]);

/** Remembers the frames from before the first cut, until it is known that the execution goes on. */
export const withCut = (before: ExecutionState, after: ExecutionState, event: ExecutionEvent): ExecutionState => {
  const { type } = event;
  if (event.type === 'LockWaitEnded' && event.how !== undefined) return after;
  // Deliveries of an ended execution do not move it.
  if (before.end !== null && type !== 'ExecutionReopened') return after;
  if (before.cutFrom !== null) return CUT_GOES_ON.has(type) ? after : { ...after, cutFrom: null };
  return after.frames !== before.frames && CUTTING.has(type) ? { ...after, cutFrom: before.frames } : after;
};
