import type { Json } from '@throughline/contracts';
import { Map } from 'immutable';
import type { FanOut, Frame, Frames } from './frames.ts';

/** What was written of a state: of maps and lists their plain form. Fields that are newer than the text are missing. */
export type Plain<S> = { readonly [K in keyof S]?: unknown };

export const mapFrom = <V>(plain: unknown): Map<string, V> => Map(Object.entries((plain ?? {}) as Record<string, V>));

/** The frames that their own plain form stands for. The casts say what was written there. */
export const framesFrom = (plain: unknown): Frames => {
  const { byId, ready, openable } = plain as Plain<Frames>;
  const frames = mapFrom<Frame>(byId).map((frame) =>
    frame.fanOut === null ? frame : { ...frame, fanOut: fanOutFrom(frame.fanOut) },
  );
  return { byId: frames, ready: ready as Frames['ready'], openable: openable as Frames['openable'] };
};

const fanOutFrom = (fanOut: FanOut): FanOut => {
  const outputs = Object.entries(fanOut.outputs as unknown as Record<string, Json>);
  return { ...fanOut, outputs: Map(outputs.map(([index, output]) => [Number(index), output])) };
};
