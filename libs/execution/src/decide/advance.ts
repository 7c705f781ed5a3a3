import { assertNever } from '@throughline/contracts';
import { nextToOpen } from '../frames.ts';
import { failExecution } from './close.ts';
import { enterNextState } from './enter-state.ts';
import { childFailed, finishIfDone, openNext } from './fan-out.ts';
import type { Consequence, Run } from './run.ts';

/**
 * Runs every frame that can move until each waits or the execution has ended, or the round is full. What has begun
 * goes before what has not, so a fan-out keeps few frames between two states.
 */
export const advance = (run: Run): void => {
  // Bounded: every turn enters a state, begins a branch or iteration, or returns; a round has room for so many.
  for (;;) {
    if (run.hasEnded()) return;
    const consequence = run.nextConsequence();
    if (consequence) {
      take(run, consequence);
      continue;
    }
    if (!run.mayStartWork()) return;
    const [ready] = run.state.frames.ready;
    const opening = ready === undefined ? nextToOpen(run.state.frames) : undefined;
    if (ready === undefined && opening === undefined) return;
    if (run.isFull()) return requestContinuation(run);
    if (ready !== undefined) enterNextState(run, ready);
    else if (opening !== undefined) openNext(run, opening);
  }
};

const take = (run: Run, consequence: Consequence): void => {
  switch (consequence.kind) {
    case 'child-ended':
      return finishIfDone(run, consequence.parent);
    case 'child-failed':
      return childFailed(run, consequence.child, consequence.failure);
    default:
      return assertNever(consequence);
  }
};

const requestContinuation = (run: Run): void => {
  // One that stands already takes up these frames too; only the command that answers it must ask anew.
  if (run.state.continuation && run.command.type !== 'ContinueExecution') return;
  const { state, env } = run;
  const { continuationsWithoutProgressMax, continuationsWithoutWaitMax } = env.limits;
  if (
    state.continuationsWithoutProgress >= continuationsWithoutProgressMax ||
    state.continuationsWithoutWait >= continuationsWithoutWaitMax
  ) {
    return failExecution(run, {
      error: 'States.Runtime',
      cause: `The execution went through ${state.continuationsWithoutWait} rounds of states without ever waiting.`,
    });
  }
  run.emit({ type: 'ContinuationRequested' });
};
