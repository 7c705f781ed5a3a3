import { type Frame, ROOT_FRAME } from '../frames.ts';
import { endExecution } from './close.ts';
import type { Run, Written } from './run.ts';

/** Leaves a state for the next one, or out of the frame; the end of the root frame is the end of the execution. */
export const exitState = (run: Run, frame: Frame, output: Extract<Written, { ok: true }>, next?: string): void => {
  run.emit(
    {
      type: 'StateExited',
      frame: frame.id,
      state: frame.state,
      ...(output.data === undefined ? {} : { output: output.data }),
      ...(next === undefined ? {} : { next }),
    },
    output.bytes,
  );
  if (next === undefined && frame.id === ROOT_FRAME) endExecution(run, { type: 'ExecutionSucceeded' });
};
