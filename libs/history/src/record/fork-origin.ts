import { isDeeperThan, isTerminal, type Json, type JsonPatch, type RecordOrigin } from '@throughline/contracts';
import {
  type CommitAt,
  DEFAULT_LIMITS,
  type ExecutionState,
  type Frame,
  type Frames,
  jsonBytes,
  ROOT_FRAME,
  stateToJson,
} from '@throughline/execution';
import { stateAt } from '../fold.ts';
import { patchJson } from '../json-patch.ts';
import { stateHash } from '../state-hash.ts';

/** What a first commit has room for beside the rest. */
export const FORK_BASE_BYTES_MAX = 700_000;

export type ForkBase =
  | {
      readonly kind: 'base';
      readonly state: ExecutionState;
      readonly stateHash: string;
      readonly base: NonNullable<RecordOrigin['base']>;
    }
  | { readonly kind: 'refused'; readonly code: 'TL0401' | 'TL0415' | 'TL0416' | 'TL0418'; readonly message: string };

export interface ForkPatch {
  readonly patch: JsonPatch;
  /** Whose payload; absent: the one that there is. */
  readonly frame?: string;
}

/** What an execution had come to at a commit, for another one to go on from; with its payload patched. */
export const forkBase = (commits: readonly CommitAt[], at: number, change?: ForkPatch): ForkBase => {
  const state = stateAt<ExecutionState>(commits, at);
  if (!state) return refused('TL0401', `commit ${at} is not in the history: it has ${commits.length}`);
  const frames = standing(state);
  if (!frames) return refused('TL0418', `at commit ${at} the execution had ended: choose an earlier one`);
  const patched = change ? patchedFrames(frames, change) : { ok: true as const, frames };
  if (!patched.ok) return refused('TL0415', patched.problem);
  // `stateToJson` writes frames wherever they stand in the state.
  const json = stateToJson({ ...state, frames: patched.frames })['frames'] ?? null;
  const bytes = jsonBytes(json);
  if (bytes > FORK_BASE_BYTES_MAX) {
    return refused(
      'TL0416',
      `the state at commit ${at} has ${bytes} bytes: ${FORK_BASE_BYTES_MAX} can be gone on from`,
    );
  }
  const base = { frames: json, statesLeft: [...state.statesLeft.keys()], historyEventId: state.historyEventId };
  return { kind: 'base', state, stateHash: stateHash(state), base };
};

const refused = (code: Extract<ForkBase, { kind: 'refused' }>['code'], message: string): ForkBase => ({
  kind: 'refused',
  code,
  message,
});

/** What ended badly can be gone on with from before its end, as when it is retried. */
const standing = ({ status, frames, cutFrom }: ExecutionState): Frames | undefined => {
  if (status === 'none' || status === 'succeeded') return undefined;
  return isTerminal(status) ? (cutFrom ?? frames) : frames;
};

type Patched = { readonly ok: true; readonly frames: Frames } | { readonly ok: false; readonly problem: string };

const patchedFrames = (frames: Frames, { patch, frame: id }: ForkPatch): Patched => {
  const frame = id === undefined ? theOnlyOne(frames) : frames.byId.get(id);
  if (!frame) {
    const open = [...frames.byId.keys()].slice(0, 10).join(', ');
    return {
      ok: false,
      problem:
        id === undefined ? `say whose payload is patched: frame ${open}` : `no frame ${id} is open: there are ${open}`,
    };
  }
  const patched = patchJson(frame.data, patch);
  if (!patched.ok) return { ok: false, problem: `operation ${patched.operation} of the patch: ${patched.problem}` };
  const { stateDataBytesMax, dataDepthMax } = DEFAULT_LIMITS;
  if (isDeeperThan(patched.value, dataDepthMax)) {
    return { ok: false, problem: `the patched payload is nested deeper than ${dataDepthMax}` };
  }
  if (jsonBytes(patched.value) > stateDataBytesMax) {
    return { ok: false, problem: `the patched payload is larger than ${stateDataBytesMax} bytes` };
  }
  return { ok: true, frames: withData(frames, frame, patched.value) };
};

const withData = (frames: Frames, frame: Frame, data: Json): Frames => ({
  ...frames,
  byId: frames.byId.set(frame.id, { ...frame, data }),
});

const theOnlyOne = (frames: Frames): Frame | undefined =>
  frames.byId.size === 1 ? frames.byId.get(ROOT_FRAME) : undefined;
