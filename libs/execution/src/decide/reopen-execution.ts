import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { armedTimers, type ExecutionState } from '../execution-state.ts';
import { failedFrames, type FrameId, ROOT_FRAME } from '../frames.ts';
import { begin } from './begin.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { exitState } from './exit-state.ts';
import { stateOf } from './machine-state.ts';
import { Run } from './run.ts';

type ReopenRecord = Extract<
  ExecutionCommandRecord,
  { type: 'ResumeExecution' | 'RetryExecution' | 'RedriveExecution' }
>;
interface Reopening {
  readonly by: 'resume' | 'retry' | 'redrive';
  readonly skipFailed: boolean;
}

/** Goes on where the end has cut it short: what was done stays done, what had failed or was under way is done again. */
export const reopenExecution = (
  state: ExecutionState,
  command: ReopenRecord,
  env: Env,
  { by, skipFailed }: Reopening,
): ExecutionDecision => {
  const run = new Run(state, command, env);
  const failed = skipFailed ? failedFrames(state.cutFrom ?? state.frames) : [];
  // The end that was being told of is none any more.
  for (const timer of armedTimers(state)) run.emit({ type: 'TimerCancelled', timer: timer.id });
  run.emit({ type: 'ExecutionReopened', n: state.reopened + 1, by });
  for (const { id, state: name } of failed) {
    if (!isSkippable(run, id))
      return refused('TL0121', `'${name}' leads to no next state: mend its cause and retry it`);
  }
  const timeoutMs = run.machine.machine.timeoutMs ?? run.state.classification?.policy.executionMs;
  // As AWS has it, the time starts anew.
  if (timeoutMs !== undefined) run.arm('execution-timeout', ROOT_FRAME, run.nowMs() + timeoutMs);
  for (const { id } of failed) skip(run, id);
  begin(run);
  return run.accepted();
};

const isSkippable = (run: Run, id: FrameId): boolean => 'transition' in stateOf(run, id);

const skip = (run: Run, id: FrameId): void => {
  const state = stateOf(run, id);
  if (!('transition' in state)) throw new Error(`'${state.name}' cannot be skipped`);
  run.emit({ type: 'StateSkipped', frame: id, state: state.name });
  const next = state.transition.kind === 'next' ? state.transition.state : undefined;
  exitState(run, id, { output: { ok: true, bytes: 0 } }, next);
};
