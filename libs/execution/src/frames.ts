import { assertNever, type Instant, type Json } from '@throughline/contracts';

/**
 * The tree of frames: the root runs the machine, Parallel branches and Map iterations will be its children. Only the
 * functions of this file look into the map, so that it can become a persistent one without touching any decision.
 */
export const ROOT_FRAME = '0';
export type FrameId = string;

/** What a frame does between two events. */
export type FramePhase =
  /** May move: enters `next`, or the machine's first state where there is none. */
  | { readonly kind: 'ready'; readonly next?: string }
  /** Inside its state, awaiting nothing: only ever seen within a decision. */
  | { readonly kind: 'inside' }
  | { readonly kind: 'step'; readonly token: string }
  | { readonly kind: 'wait'; readonly timer: string }
  | { readonly kind: 'retry'; readonly timer: string }
  | { readonly kind: 'ended' };

export interface Frame {
  readonly id: FrameId;
  readonly phase: FramePhase;
  /** The present state's raw input; between states, the output that goes to the next one. */
  readonly data: Json;
  /** The state entered last; empty before the first. */
  readonly state: string;
  readonly enteredAt: Instant;
  /** AWS history id of the event that entered the state: its cause texts quote it. */
  readonly enteredEventId: number;
  /** How often the state was entered, from 1. */
  readonly visit: number;
  /** Attempts scheduled at this visit. */
  readonly attempts: number;
  /** Retries spent at this visit, by retrier. */
  readonly retries: readonly number[];
}

export interface Frames {
  readonly byId: Readonly<Record<FrameId, Frame>>;
}

export const NO_FRAMES: Frames = { byId: {} };

export const frameOf = (frames: Frames, id: FrameId): Frame => {
  const frame = frames.byId[id];
  if (!frame) throw new Error(`no frame ${id}`);
  return frame;
};

export const rootFrame = (frames: Frames): Frame | undefined => frames.byId[ROOT_FRAME];

export const withFrame = (frames: Frames, frame: Frame): Frames => ({ byId: { ...frames.byId, [frame.id]: frame } });

export const openRoot = (input: Json, at: Instant): Frames =>
  withFrame(NO_FRAMES, {
    id: ROOT_FRAME,
    phase: { kind: 'ready' },
    data: input,
    state: '',
    enteredAt: at,
    enteredEventId: 0,
    visit: 0,
    attempts: 0,
    retries: [],
  });

const compareFrameIds = (a: FrameId, b: FrameId): number => {
  const [as, bs] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.min(as.length, bs.length); i += 1) {
    const difference = Number(as[i]) - Number(bs[i]);
    if (difference !== 0) return difference;
  }
  return as.length - bs.length;
};

/** In tree order, so that what iterates over frames does not depend on how the map was built. */
const inOrder = (frames: Frames): readonly Frame[] =>
  Object.values(frames.byId).sort((a, b) => compareFrameIds(a.id, b.id));

const mayMove = (frame: Frame): boolean => {
  switch (frame.phase.kind) {
    case 'ready':
    case 'inside':
      return true;
    case 'step':
    case 'wait':
    case 'retry':
    case 'ended':
      return false;
    default:
      return assertNever(frame.phase);
  }
};

/** Frames that stand between two states: what a continued round takes up. */
export const readyFrames = (frames: Frames): readonly Frame[] =>
  inOrder(frames).filter((frame) => frame.phase.kind === 'ready');

export const anyReady = (frames: Frames): boolean =>
  Object.values(frames.byId).some((frame) => frame.phase.kind === 'ready');

/** True where nothing but timers can move the execution on. */
export const onlyTimersAwaited = (frames: Frames): boolean => {
  const all = Object.values(frames.byId);
  return !all.some((frame) => mayMove(frame) || frame.phase.kind === 'step');
};

/** The first frame in tree order that has not ended: what a person would call the current step. */
export const currentFrame = (frames: Frames): Frame | undefined =>
  inOrder(frames).find((frame) => frame.phase.kind !== 'ended') ?? rootFrame(frames);

/** Frames that are inside a state, in tree order: what the end of an execution leaves unfinished. */
export const openFrames = (frames: Frames): readonly Frame[] =>
  inOrder(frames).filter(({ phase }) => phase.kind !== 'ended' && phase.kind !== 'ready');
