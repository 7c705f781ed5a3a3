import { type ExecutionCommit, isTerminal, type SnapshotView } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import { type ExecutionState, type FrameId, frameOf, walkCommit, type WalkedEvent } from '@throughline/execution';
import type { SnapshotPlace } from '@throughline/history';

export interface StepAsked {
  readonly type: 'before_step' | 'after_step';
  readonly state: string;
  readonly frame?: FrameId | undefined;
  readonly visit?: number | undefined;
}
export interface StepFound {
  readonly state: ExecutionState;
  readonly place: SnapshotPlace;
}
type Step = NonNullable<SnapshotView['step']>;

/** Looks for one visit of a state in a history that is shown to it commit by commit. */
export class StepSearch {
  /** The state right before or right after the visit. */
  found: StepFound | undefined;
  /** The visit, once it has begun. */
  entered: Step | undefined;

  constructor(private readonly asked: StepAsked) {}

  take(before: ExecutionState, logged: LoggedCommit): ExecutionState {
    return walkCommit(before, logged, (walked) => {
      if (!this.found) this.look(walked, logged);
    });
  }

  private look({ event, command, before, after }: WalkedEvent<ExecutionState>, logged: LoggedCommit): void {
    const { type } = this.asked;
    const find = (state: ExecutionState, step: Step): void => {
      this.found = { state, place: { type, reason: 'requested', step, logged, at: command.at } };
    };
    if (!this.entered) {
      if (event.type !== 'StateEntered' || event.state !== this.asked.state) return;
      const step = { state: event.state, frame: event.frame, visit: frameOf(after.frames, event.frame).visit };
      if (step.frame !== (this.asked.frame ?? step.frame) || step.visit !== (this.asked.visit ?? step.visit)) return;
      this.entered = step;
      if (type === 'before_step') find(before, step);
    } else if (isOver(this.entered, event, after)) find(after, this.entered);
  }
}

/** The visit has been left, or its branch, iteration or execution has ended around it. */
const isOver = (step: Step, event: ExecutionCommit['events'][number], after: ExecutionState): boolean => {
  if (event.type === 'StateExited' && event.frame === step.frame) return true;
  const frame = after.frames.byId.get(step.frame);
  return (
    !frame ||
    frame.visit !== step.visit ||
    frame.state !== step.state ||
    (after.status !== 'none' && isTerminal(after.status))
  );
};
