import type { Exit } from '@throughline/asl';
import type { FrameId } from '../frames.ts';
import { exitState } from './exit-state.ts';
import { dataLimitExceeded } from './handle-error.ts';
import type { Run } from './run.ts';

/** Leaves a state for the next one, or out of the frame. Data too large fails the state instead. */
export const leaveState = (run: Run, id: FrameId, exit: Exit, next: string | undefined): void => {
  const output = run.write(exit.output, run.frame(id).data);
  if (!output.ok || !run.fitsVariables(exit.assigned)) return dataLimitExceeded(run, id);
  exitState(run, id, { output, ...(exit.assigned && { assigned: exit.assigned }) }, next);
};
