import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';

/** A state of a definition at whatever depth, as written. */
export interface WrittenState {
  readonly name: string;
  readonly body: JsonObject;
}

/** Nesting in definitions is bounded by what can be registered; this bound only keeps a forged file from the stack. */
const DEPTH_MAX = 200;

export const flowsWithin = (state: JsonObject): readonly Json[] => [
  ...(Array.isArray(state.Branches) ? (state.Branches as readonly Json[]) : []),
  ...[state.ItemProcessor, state.Iterator].flatMap((flow) => (flow === undefined ? [] : [flow])),
];

export const statesOf = (flow: Json, depth = 0): readonly WrittenState[] => {
  if (depth > DEPTH_MAX || !isJsonObject(flow) || !isJsonObject(flow.States)) return [];
  return Object.entries(flow.States).flatMap(([name, body]) =>
    isJsonObject(body) ? [{ name, body }, ...flowsWithin(body).flatMap((inner) => statesOf(inner, depth + 1))] : [],
  );
};

/** Map states whose iterations run one after the other, so that their events have one order. */
export const oneAtATimeMaps = (definition: Json): ReadonlySet<string> =>
  new Set(
    statesOf(definition)
      .filter(({ body }) => body.Type === 'Map' && body.MaxConcurrency === 1)
      .map(({ name }) => name),
  );
