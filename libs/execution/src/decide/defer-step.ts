import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { type ExecutionState, isDeferred } from '../execution-state.ts';
import { awaitedAttempt } from './awaited-attempt.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { Run } from './run.ts';

type DeferRecord = Extract<ExecutionCommandRecord, { type: 'DeferStep' }>;

/**
 * The attempt stays open, with its token and its timeouts, and no Retry is used up: nothing was tried. A wait that would outlast
 * the heartbeat would end the attempt as if its worker had died.
 */
export const deferStep = (state: ExecutionState, command: DeferRecord, env: Env): ExecutionDecision => {
  const found = awaitedAttempt(state, command);
  if (!found.ok) return found.refusal;
  const { attempt } = found;
  const { token, frame, heartbeatMs } = attempt;
  // Who cancels waits for the workers, and nobody else is to begin.
  if (state.hold === 'cancelling') return refused('TL0107', `attempt ${token} is being cancelled`);
  // Two workers had the task. It waits for the first one's time.
  if (isDeferred(state, attempt)) return { kind: 'ignored' };
  const run = new Run(state, command, env);
  const forMs = heartbeatMs === null ? command.body.forMs : Math.min(command.body.forMs, Math.ceil(heartbeatMs / 2));
  run.emit({ type: 'StepDeferred', token });
  run.arm('deferred', frame, run.nowMs() + forMs, token);
  return run.accepted();
};
