import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReplayVerdict } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import type { ResolvedMachine } from '@throughline/execution';
import { verifyInSteps } from '@throughline/history';

/** Other requests get their turn at least this often; one commit alone is bounded by its 1,000 events. */
const TURN_MS = 20;

/** Decides the whole history again in a fresh fold. */
export const verifyExecution = async (
  commits: readonly LoggedCommit[],
  machine: ResolvedMachine | undefined,
): Promise<ReplayVerdict> => {
  const steps = verifyInSteps(commits, (name, version) =>
    machine?.name === name && machine.version === version ? machine : undefined,
  );
  let turnStartedMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turnStartedMs < TURN_MS) continue;
    await nextTurn();
    turnStartedMs = performance.now();
  }
};
