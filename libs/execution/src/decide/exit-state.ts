import type { Exit } from '@throughline/asl';
import { type FrameId, ROOT_FRAME } from '../frames.ts';
import { endExecution } from './close.ts';
import type { Run, Written } from './run.ts';

/** What a state leaves behind: its output, written for the log, and the variables that it assigned. */
export interface WrittenExit {
  readonly output: Extract<Written, { ok: true }>;
  readonly assigned?: Exit['assigned'];
}

/** The end of the root frame is the end of the execution; that of a branch or iteration may be the end of its state. */
export const exitState = (run: Run, id: FrameId, { output, assigned }: WrittenExit, next: string | undefined): void => {
  const { state, parent } = run.frame(id);
  run.emit(
    {
      type: 'StateExited',
      frame: id,
      state,
      ...(output.data === undefined ? {} : { output: output.data }),
      ...(assigned === undefined ? {} : { assigned }),
      ...(next === undefined ? {} : { next }),
    },
    output.bytes,
  );
  if (next !== undefined) return;
  if (id === ROOT_FRAME) {
    // Paused or about to be cancelled, it has not succeeded yet.
    if (run.mayStartWork()) endExecution(run, { type: 'ExecutionSucceeded' });
    return;
  }
  if (parent !== null) run.follow({ kind: 'child-ended', parent });
};
