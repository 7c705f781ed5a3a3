import { type Frame, readyFrames } from '../frames.ts';
import { failExecution } from './close.ts';
import { enterNextState } from './enter-state.ts';
import type { Run } from './run.ts';

/** Runs every frame that can move until each waits or the execution has ended, or the round is full. */
export const advance = (run: Run): void => {
  // Bounded: every turn enters a state or returns, and a round has room for a bounded number of states.
  for (let frame = movable(run); frame; frame = movable(run)) {
    if (run.isFull()) return requestContinuation(run);
    enterNextState(run, frame);
  }
};

const movable = (run: Run): Frame | undefined => (run.hasEnded() ? undefined : readyFrames(run.state.frames)[0]);

const requestContinuation = (run: Run): void => {
  // One that stands already takes up these frames too; only the command that answers it must ask anew.
  if (run.state.continuation && run.command.type !== 'ContinueExecution') return;
  if (run.state.continuationsWithoutWait >= run.env.limits.continuationsWithoutWaitMax) {
    return failExecution(
      run,
      'States.Runtime',
      `The execution went through ${run.env.limits.continuationsWithoutWaitMax} rounds of states without ever waiting.`,
    );
  }
  run.emit({ type: 'ContinuationRequested' });
};
