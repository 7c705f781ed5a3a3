import type { ExecutionEvent } from '@throughline/contracts';
import type { FrameId } from '@throughline/execution';

/** What follows one of these stands, in AWS's history, as if it followed what came before it. */
const DOES_NOT_ADVANCE =
  /^((Parallel|Map)StateSucceeded|MapRunSucceeded|MapIteration(Failed|Aborted)|\w+StateAborted)$/;

/**
 * Numbers AWS's events and says which one each follows. Every branch and iteration is a line of its own: it begins at
 * the start of its fan-out, and the fan-out goes on from the line that ended last.
 */
export class EventLines {
  private count = 0;
  /** The last event of any line. */
  private lastId = 0;
  /** By frame, the last event of its line. */
  private readonly lastIds = new Map<FrameId, number>();
  /** By frame, the event that its branches or iterations begin at. */
  private readonly fanOutIds = new Map<FrameId, number>();

  /** The place of the next event, on the line of `frame`; what comes from outside of the machine follows nothing. */
  next(
    event: ExecutionEvent,
    frame: FrameId | undefined,
    type: string,
  ): { readonly id: number; readonly previousEventId: number } {
    const id = (this.count += 1);
    if (frame === undefined) return { id, previousEventId: 0 };
    if (event.type === 'IterationStarted') {
      this.lastIds.set(event.frame, id);
      this.lastId = id;
      return { id, previousEventId: this.fanOutIds.get(frame) ?? 0 };
    }
    // The end of an iteration stands on its own line, though its Map says so.
    const line = event.type === 'IterationFailed' || event.type === 'IterationAborted' ? event.frame : frame;
    // An execution can fail from within a branch.
    const before = event.type === 'ExecutionFailed' ? this.lastId : this.lastIds.get(line);
    const previousEventId = before ?? this.fanOutIds.get(parentOf(line)) ?? 0;
    if (!DOES_NOT_ADVANCE.test(type)) {
      this.lastIds.set(line, id);
      this.lastId = id;
    }
    if (event.type === 'ParallelStarted' || event.type === 'MapStarted' || event.type === 'MapRunStarted') {
      this.fanOutIds.set(frame, id);
    }
    return { id, previousEventId };
  }

  /** Once the events of an event of ours have their places: where a line has ended, its fan-out goes on. */
  after(event: ExecutionEvent): void {
    if (!endsLine(event) || event.frame === parentOf(event.frame)) return;
    const last = this.lastIds.get(event.frame);
    if (last === undefined) return;
    this.lastIds.set(parentOf(event.frame), last);
    this.lastIds.delete(event.frame);
  }
}

type LineEnd = Extract<
  ExecutionEvent,
  { type: 'StateExited' | 'BranchFailed' | 'IterationFailed' | 'IterationAborted' }
>;

const endsLine = (event: ExecutionEvent): event is LineEnd => {
  if (event.type === 'StateExited') return event.next === undefined;
  return event.type === 'BranchFailed' || event.type === 'IterationFailed' || event.type === 'IterationAborted';
};

/** The root is its own: nothing goes on after it. */
const parentOf = (frame: FrameId): FrameId => (frame.includes('.') ? frame.slice(0, frame.lastIndexOf('.')) : frame);
