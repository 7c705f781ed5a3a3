import type { Instant, Json, JsonObject } from '@throughline/contracts';

/** One event as AWS's GetExecutionHistory gives it: beside these, at most one member `<type>EventDetails`. */
export interface AwsHistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: Instant;
  readonly type: string;
  readonly [details: `${string}EventDetails`]: JsonObject;
}

/** An event before it has its place in the history. */
export interface AwsEventBody {
  readonly type: string;
  readonly details?: { readonly name: `${string}EventDetails`; readonly body: JsonObject };
}

/** AWS writes data as JSON text. Nothing is ever cut here, so `truncated` is always false. */
const NOT_TRUNCATED: JsonObject = { truncated: false };
export const inputFields = (input: Json): JsonObject => ({
  input: JSON.stringify(input),
  inputDetails: NOT_TRUNCATED,
});
export const outputFields = (output: Json): JsonObject => ({
  output: JSON.stringify(output),
  outputDetails: NOT_TRUNCATED,
});

/** Variables as JSON text each; nothing where the state assigns none. */
export const assignedFields = (assigned: JsonObject | undefined): JsonObject =>
  assigned === undefined
    ? {}
    : {
        assignedVariables: Object.fromEntries(
          Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]),
        ),
        assignedVariablesDetails: NOT_TRUNCATED,
      };

/** AWS leaves out what a failure does not have: a timeout has no cause. */
export const errorFields = (error: string | null | undefined, cause: string | null | undefined): JsonObject => ({
  ...(typeof error === 'string' ? { error } : {}),
  ...(typeof cause === 'string' ? { cause } : {}),
});

/** What a details object says, wherever it stands in the event. */
export const detailsOf = (event: object): JsonObject => {
  for (const [name, value] of Object.entries(event)) if (name.endsWith('EventDetails')) return value as JsonObject; // by its name
  return {};
};
