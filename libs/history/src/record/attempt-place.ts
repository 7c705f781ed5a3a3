import type { Json } from '@throughline/contracts';
import { canonicalHash, type ExecutionState, type OpenAttempt, taskTokenOf } from '@throughline/execution';

/** Where an attempt stands in its execution: the same place in a fork or another run of the same input. */
export const attemptPlace = ({
  frame,
  state,
  visit,
  attempt,
}: Pick<OpenAttempt, 'frame' | 'state' | 'visit' | 'attempt'>): string =>
  JSON.stringify([frame, state, visit, attempt]);

/** Which question an attempt is: the same for equal requests, whichever task token goes with them. */
export const askedBy = (
  { ref }: Pick<ExecutionState, 'ref'>,
  { resource, input, token }: Pick<OpenAttempt, 'resource' | 'input' | 'token'>,
): string => {
  const placeholder = taskTokenOf(ref, token);
  const text = JSON.stringify(input);
  // What JSON.parse gives of JSON text is JSON.
  const request = text.includes(placeholder) ? (JSON.parse(text.replaceAll(placeholder, 'token')) as Json) : input;
  return canonicalHash([resource, request]);
};
