import type { Instant, Json, JsonObject, LockRequestToken, MapMode, StateType } from '@throughline/contracts';
import { Map } from 'immutable';

/**
 * The tree of frames: the root runs the machine, Parallel branches and Map iterations are its children. Only the
 * functions of this file look into the map. It is persistent (copying one of a thousand open iterations for every event
 * would be quadratic), and it is bounded: a frame that has ended leaves nothing but its output in its parent's fan-out.
 */
export const ROOT_FRAME = '0';
export type FrameId = string;

/** What a frame does between two events. */
export type FramePhase =
  /** May move: enters `next`, or its flow's first state where there is none. */
  | { readonly kind: 'ready'; readonly next?: string }
  /** May move: does again what its state does, for the execution was reopened there. */
  | { readonly kind: 'again' }
  /** Inside its state, awaiting nothing: only ever seen within a decision, and where an end has cut it short. */
  | { readonly kind: 'inside' }
  /** Its locks are waited for. */
  | { readonly kind: 'lock'; readonly request: LockRequestToken }
  | { readonly kind: 'step'; readonly token: string }
  | { readonly kind: 'wait'; readonly timer: string }
  | { readonly kind: 'retry'; readonly timer: string }
  /** Its branches or iterations run. */
  | { readonly kind: 'children' }
  /** Only the root ends and stays. */
  | { readonly kind: 'ended' };

/** A Parallel or Map under way. */
export type FanOut = ParallelFanOut | MapFanOut;

interface Children {
  /** Branches or iterations begun; the next one's index. */
  readonly opened: number;
  /** Of those, how many run. */
  readonly running: number;
  /** By index; an iteration whose failure is tolerated has none. */
  readonly outputs: Map<number, Json>;
  /** What the outputs weigh together. */
  readonly outputBytes: number;
}
export interface ParallelFanOut extends Children {
  readonly kind: 'parallel';
  readonly branches: number;
  readonly input: Json;
}
export interface MapFanOut extends Children {
  readonly kind: 'map';
  readonly mode: MapMode;
  /** None while an item reader's step is open. */
  readonly items: readonly Json[];
  /** Items taken by iterations so far: more than `opened` where they are taken in batches. */
  readonly itemsTaken: number;
  /** 0: as many as the engine's own bound lets. */
  readonly maxConcurrency: number;
  /** Null until the Map Run has started: then iterations may begin. */
  readonly tolerance: Tolerance | null;
  /** Items of iterations that failed and are tolerated. */
  readonly itemsFailed: number;
}

/** How many items may fail; where neither is given, none. */
export interface Tolerance {
  readonly count?: number;
  readonly percentage?: number;
}

/** Frames of all open branches and iterations together; beyond, a fan-out begins another only where it has none. */
const FRAMES_MAX = 2_000;

/** Branches or iterations of one fan-out that run at once; the others begin as these end. */
export const OPEN_CHILDREN_MAX = 1_000;

export interface Frame {
  readonly id: FrameId;
  readonly parent: FrameId | null;
  /** Which branch or iteration of the parent's fan-out this is. */
  readonly index: number;
  /** Items that the iteration took from its Map; 1 for branches and the root. */
  readonly items: number;
  /** The item that an iteration runs for, before its ItemSelector: `$$.Map.Item.Value`. */
  readonly item?: Json;
  readonly phase: FramePhase;
  /** The present state's raw input; between states, the output that goes to the next one. */
  readonly data: Json;
  /** Assigned in this scope; an inner scope reads its outer ones too. */
  readonly variables: JsonObject;
  /** The state entered last; empty before the first. */
  readonly state: string;
  readonly stateType: StateType;
  readonly enteredAt: Instant;
  /** AWS history id of the event that entered the state: its cause texts quote it. */
  readonly enteredEventId: number;
  /** How often the state was entered in this frame, from 1. */
  readonly visit: number;
  /** The same for every state entered, by name. */
  readonly visits: Readonly<Record<string, number>>;
  /** Attempts scheduled at this visit. */
  readonly attempts: number;
  /** Retries spent at this visit, by retrier. */
  readonly retries: readonly number[];
  readonly fanOut: FanOut | null;
  /** Frames that this one has ever had as children: the next one's number. */
  readonly childFrames: number;
  /** The last id of the AWS history that an iteration of a distributed Map has of its own; null: its events count elsewhere. */
  readonly ownHistoryEventId: number | null;
}

export interface Frames {
  readonly byId: Map<FrameId, Frame>;
  /** Frames that stand between two states, in the order they got there. */
  readonly ready: readonly FrameId[];
  /** Frames whose fan-out may begin another branch or iteration. */
  readonly openable: readonly FrameId[];
}

export const NO_FRAMES: Frames = { byId: Map(), ready: [], openable: [] };

export const frameOf = (frames: Frames, id: FrameId): Frame => {
  const frame = frames.byId.get(id);
  if (!frame) throw new Error(`no frame ${id}`);
  return frame;
};

export const rootFrame = (frames: Frames): Frame | undefined => frames.byId.get(ROOT_FRAME);

const listed = (list: readonly FrameId[], id: FrameId, belongs: boolean): readonly FrameId[] => {
  if (list.includes(id) === belongs) return list;
  return belongs ? [...list, id] : list.filter((other) => other !== id);
};

/** Whether every branch or iteration has begun. */
export const allOpened = (fanOut: FanOut): boolean =>
  fanOut.kind === 'parallel' ? fanOut.opened === fanOut.branches : fanOut.itemsTaken === fanOut.items.length;

/** Whether a Map Run is under way, which AWS's history has events for. */
export const hasMapRun = ({ fanOut }: Frame): boolean =>
  fanOut?.kind === 'map' && fanOut.mode === 'DISTRIBUTED' && fanOut.tolerance !== null;

const mayOpen = (fanOut: FanOut): boolean => {
  if (allOpened(fanOut) || fanOut.running >= OPEN_CHILDREN_MAX) return false;
  if (fanOut.kind === 'parallel') return true;
  return fanOut.tolerance !== null && (fanOut.maxConcurrency === 0 || fanOut.running < fanOut.maxConcurrency);
};

export const withFrame = (frames: Frames, frame: Frame): Frames => ({
  byId: frames.byId.set(frame.id, frame),
  ready: listed(frames.ready, frame.id, frame.phase.kind === 'ready' || frame.phase.kind === 'again'),
  openable: listed(frames.openable, frame.id, frame.fanOut !== null && mayOpen(frame.fanOut)),
});

/** A frame in its first moment; `more` says what it is. */
export const newFrame = (
  more: Pick<Frame, 'id' | 'parent' | 'index' | 'items' | 'data' | 'enteredAt' | 'ownHistoryEventId'> & {
    readonly item?: Json;
  },
): Frame => ({
  phase: { kind: 'ready' },
  variables: {},
  state: '',
  stateType: 'Pass',
  enteredEventId: 0,
  visit: 0,
  visits: {},
  attempts: 0,
  retries: [],
  fanOut: null,
  childFrames: 0,
  ...more,
});

export const openRoot = (input: Json, at: Instant): Frames =>
  withFrame(
    NO_FRAMES,
    newFrame({
      id: ROOT_FRAME,
      parent: null,
      index: 0,
      items: 1,
      data: input,
      enteredAt: at,
      ownHistoryEventId: null,
    }),
  );

/** The frames whose own state had failed when everything was cut short, in tree order. */
export const failedFrames = (frames: Frames): readonly Frame[] =>
  inOrder(frames.byId.valueSeq().filter(({ phase }) => phase.kind === 'inside'));

/**
 * The frames of an execution that goes on after its end: whatever they were doing when they were cut short they do again,
 * those that had failed first. Retries count anew, as they do in AWS.
 */
export const reopenedFrames = (frames: Frames, failedFirst: boolean): Frames => {
  const cut = inOrder(frames.byId.valueSeq()).filter((frame) => isCut(frame.phase) || isStuck(frame));
  const first = failedFirst ? cut.filter(({ phase }) => phase.kind === 'inside') : [];
  const again = [...first, ...cut.filter((frame) => !first.includes(frame))];
  return again.reduce(
    (all, frame) => withFrame(all, { ...frame, phase: { kind: 'again' }, retries: [], fanOut: null }),
    frames,
  );
};

/**
 * The frames of an execution that is made of them: each does again what its state was doing, as the same attempt. What was
 * tried there before counts.
 */
export const adoptedFrames = (frames: Frames): Frames =>
  inOrder(frames.byId.valueSeq().filter((frame) => isCut(frame.phase) || isStuck(frame))).reduce((all, frame) => {
    const attempts = frame.phase.kind === 'step' ? frame.attempts - 1 : frame.attempts;
    return withFrame(all, { ...frame, phase: { kind: 'again' }, attempts, fanOut: null });
  }, frames);

/** A fan-out that failed by itself: nothing of it runs, and nothing of it can begin. */
const isStuck = ({ phase, fanOut }: Frame): boolean =>
  phase.kind === 'children' && fanOut !== null && fanOut.running === 0 && !mayOpen(fanOut);

const isCut = ({ kind }: FramePhase): boolean =>
  kind === 'inside' || kind === 'lock' || kind === 'step' || kind === 'wait' || kind === 'retry' || kind === 'again';

const isWithin = (id: FrameId, ancestor: FrameId): boolean => id.startsWith(`${ancestor}.`);

/** Without the frames below `ancestor`. */
export const withoutDescendants = (frames: Frames, ancestor: FrameId): Frames => ({
  byId: frames.byId.removeAll(
    frames.byId
      .keySeq()
      .filter((id) => isWithin(id, ancestor))
      .toArray(),
  ),
  ready: frames.ready.filter((id) => !isWithin(id, ancestor)),
  openable: frames.openable.filter((id) => !isWithin(id, ancestor)),
});

export const withoutFrame = (frames: Frames, id: FrameId): Frames => ({
  byId: frames.byId.remove(id),
  ready: listed(frames.ready, id, false),
  openable: listed(frames.openable, id, false),
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
const inOrder = (frames: Iterable<Frame>): readonly Frame[] => [...frames].sort((a, b) => compareFrameIds(a.id, b.id));

/** The frames below one, parents before children. */
export const descendantsOf = (frames: Frames, ancestor: FrameId): readonly Frame[] =>
  inOrder(frames.byId.valueSeq().filter(({ id }) => isWithin(id, ancestor)));

/** Inside or below a frame. */
export const belongsTo = (id: FrameId, ancestor: FrameId): boolean => id === ancestor || isWithin(id, ancestor);

/** The fan-out that begins its next branch or iteration: the innermost, so that what has begun is over first. */
export const nextToOpen = (frames: Frames): FrameId | undefined =>
  frames.byId.size < FRAMES_MAX
    ? frames.openable.at(-1)
    : frames.openable.find((id) => frames.byId.get(id)?.fanOut?.running === 0);

/** Whether a frame stands between two states or a branch or iteration may begin: what a continued round takes up. */
export const mayMove = (frames: Frames): boolean => frames.ready.length > 0 || nextToOpen(frames) !== undefined;

/** The frame itself, then its parent, and so on to the root. */
export function* outward(frames: Frames, id: FrameId): Generator<Frame> {
  for (let next: FrameId | null = id; next !== null;) {
    const frame: Frame = frameOf(frames, next);
    yield frame;
    next = frame.parent;
  }
}

/** What a person would call the current step: a fan-out is one step, whatever runs inside. */
export const currentFrame = (frames: Frames): Frame | undefined => rootFrame(frames);

/** Frames that are inside a state, in tree order: what the end of an execution leaves unfinished. */
export const openFrames = (frames: Frames): readonly Frame[] =>
  inOrder(frames.byId.valueSeq().filter(({ phase }) => phase.kind !== 'ended' && phase.kind !== 'ready'));

/** Frames whose state is still to be done or gone on with, in tree order; those that wait for their children have none of their own. */
export const openOrReadyFrames = (frames: Frames): readonly Frame[] =>
  inOrder(frames.byId.valueSeq().filter(({ phase }) => phase.kind !== 'ended' && phase.kind !== 'children'));

/** The value of a variable in the frame's own scope or the nearest one around it, up to an iteration of a distributed Map. */
export const variableOf = (frames: Frames, id: FrameId, name: string): Json | undefined => {
  for (const { variables, ownHistoryEventId } of outward(frames, id)) {
    if (Object.hasOwn(variables, name)) return variables[name];
    // AWS runs it as an execution of its own.
    if (ownHistoryEventId !== null) return undefined;
  }
  return undefined;
};

/** What a frame's state left as its output: a branch or iteration that ends leaves it to the fan-out around it. */
export const outputLeft = (frames: Frames, { id, parent, index }: Frame): Json | undefined => {
  const frame = frames.byId.get(id);
  if (frame) return frame.data;
  return parent === null ? undefined : frames.byId.get(parent)?.fanOut?.outputs.get(index);
};
