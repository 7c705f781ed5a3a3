import type { Json } from '@throughline/contracts';

/** What evaluating a field of a state gave: a value, or the ASL error that the state fails with. */
export type Evaluated<T = Json> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** `States.Runtime`, `States.ParameterPathFailure`, … */
      readonly error: string;
      /** AWS's sentence, without the prefix that names state and event: see `runtimeCause`. */
      readonly cause: string;
      /** The field of a JSONata state that could not be evaluated, as AWS names it: `Output/total`, `Items`. */
      readonly location?: string;
    };

export type Failed = Extract<Evaluated, { ok: false }>;

export const evaluatedTo = <T>(value: T): Evaluated<T> => ({ ok: true, value });

/** What an event may hold of error and cause, in characters: as AWS bounds them. Causes quote data of any size. */
export const ERROR_LENGTH_MAX = 256;
export const CAUSE_LENGTH_MAX = 32_768;
/** Field names may be of any length. */
const LOCATION_LENGTH_MAX = 1_024;

export const failedWith = (error: string, cause: string): Failed => ({
  ok: false,
  error,
  cause: cause.slice(0, CAUSE_LENGTH_MAX),
});

/** A field of a JSONata state that could not be evaluated, or gave what it may not. */
export const queryFailed = (location: string, cause: string): Failed => ({
  ...failedWith('States.QueryEvaluationError', cause),
  location: location.slice(0, LOCATION_LENGTH_MAX),
});

/** The cause as AWS writes it into an execution's end: which state, and which history event entered it. */
export const runtimeCause = (stateName: string, enteredEventId: number, inner: string): string =>
  `An error occurred while executing the state '${stateName}' (entered at the event id #${enteredEventId}). ${inner}`.slice(
    0,
    CAUSE_LENGTH_MAX,
  );
