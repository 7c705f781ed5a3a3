import { isTerminal } from '@throughline/contracts';
import type { ExecutionState } from './execution-state.ts';
import { currentFrame } from './frames.ts';

export interface Progress {
  /** 0 to 100, never falling; 100 exactly when the execution has ended. */
  readonly percent: number;
  /** The state where it stands, or stood when it ended without success; null before the first and after success. */
  readonly currentStep: string | null;
}

export const progressOf = (state: ExecutionState): Progress => {
  const frame = currentFrame(state.frames);
  const currentStep = state.status === 'succeeded' || !frame?.state ? null : frame.state;
  if (isTerminal(state.status)) return { percent: 100, currentStep };
  const states = state.start?.workflow.states ?? 0;
  const percent = states === 0 ? 0 : Math.min(99, Math.floor((100 * state.statesLeft.size) / states));
  return { percent, currentStep };
};
