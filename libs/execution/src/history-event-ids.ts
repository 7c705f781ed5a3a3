import { type Frame, type FrameId, type Frames, outward, withFrame } from './frames.ts';

/**
 * AWS numbers the events of an execution's history, and its cause texts quote the numbers. An iteration of a distributed
 * Map is an execution of its own there, so its events count from 1 and not in the history around it.
 */

/** The iteration of a distributed Map, the innermost, whose history a frame's events are part of. */
export const historyOwnerOf = (frames: Frames, id: FrameId): Frame | undefined => {
  for (const frame of outward(frames, id)) if (frame.ownHistoryEventId !== null) return frame;
  return undefined;
};

/** The id that the last event of the history that a frame belongs to has. */
export const lastHistoryEventId = (execution: number, frames: Frames, id: FrameId): number =>
  historyOwnerOf(frames, id)?.ownHistoryEventId ?? execution;

/** Whether a frame's events show in the execution's own history. */
export const isInExecutionHistory = (frames: Frames, id: FrameId): boolean => historyOwnerOf(frames, id) === undefined;

/** Whether the steps of the state that a frame is in show: the one of a Map is its item reader's, which AWS does not tell of. */
export const showsSteps = ({ stateType }: Frame): boolean => stateType !== 'Map';

/** Counts `n` more events of a frame. */
export const historyCounted = (
  execution: number,
  frames: Frames,
  id: FrameId,
  n: number,
): { readonly historyEventId: number; readonly frames: Frames } => {
  const owner = n === 0 ? undefined : historyOwnerOf(frames, id);
  if (!owner) return { historyEventId: execution + n, frames };
  const ownHistoryEventId = (owner.ownHistoryEventId ?? 0) + n;
  return { historyEventId: execution, frames: withFrame(frames, { ...owner, ownHistoryEventId }) };
};
