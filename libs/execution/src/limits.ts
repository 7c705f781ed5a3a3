import {
  COMMAND_BODY_BYTES_MAX,
  DATA_DEPTH_MAX,
  DEFINITION_BYTES_MAX,
  ROUND_BYTES_MAX,
  ROUND_EVENTS_MAX,
  STATE_DATA_BYTES_MAX,
} from '@throughline/contracts';

/** Bounds that decide obeys. They decide outcomes, so they belong to the rules version and not to a deployment. */
export interface Limits {
  readonly stateDataBytesMax: number;
  readonly dataDepthMax: number;
  /** What one `Assign` may set, as AWS bounds a variable. */
  readonly variablesBytesMax: number;
  /** All outputs of a Parallel's branches or a Map's iterations, before its ResultSelector or Output. */
  readonly fanOutOutputBytesMax: number;
  /** Signals that came before a state waited for them. */
  readonly storedSignalsMax: number;
  readonly bodyBytesMax: number;
  readonly definitionBytesMax: number;
  readonly roundEventsMax: number;
  readonly roundBytesMax: number;
  /** What evaluating expressions may cost in a round before it ends, in units of about a quarter of a microsecond. */
  readonly roundCostMax: number;
  /** Rounds in a row that end by reaching a bound without a wait, nor the end of an iteration: states that loop for ever. */
  readonly continuationsWithoutProgressMax: number;
  /** The same without a wait alone: a loop around a Map or Parallel that waits for nothing. */
  readonly continuationsWithoutWaitMax: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  stateDataBytesMax: STATE_DATA_BYTES_MAX,
  dataDepthMax: DATA_DEPTH_MAX,
  variablesBytesMax: STATE_DATA_BYTES_MAX,
  fanOutOutputBytesMax: 16 * STATE_DATA_BYTES_MAX,
  storedSignalsMax: 100,
  bodyBytesMax: COMMAND_BODY_BYTES_MAX,
  definitionBytesMax: DEFINITION_BYTES_MAX,
  roundEventsMax: ROUND_EVENTS_MAX,
  roundBytesMax: ROUND_BYTES_MAX,
  roundCostMax: 1_000_000,
  // About 25,000 events, where AWS ends an execution's history too.
  continuationsWithoutProgressMax: 25,
  // Room for a Map of 10,000 items with a dozen states each that wait for nothing.
  continuationsWithoutWaitMax: 500,
});
