import { type EffectClass, type ExecutionEvent, isJsonObject, type Json } from '@throughline/contracts';
import type { ExecutionCommandRecord } from './decider.ts';
import type { OpenAttempt } from './execution-state.ts';

type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

/** The output of a step that succeeded: the event's own, or the one that the causing command brought. */
export const stepOutput = (event: EventOf<'StepSucceeded'>, { body }: ExecutionCommandRecord): Json | undefined => {
  if (event.output === undefined) return 'output' in body ? body.output : undefined;
  if ('value' in event.output) return event.output.value;
  const json = body as Json; // every body is JSON
  return isJsonObject(json) ? json[event.output.ref] : undefined;
};

/** Why a step failed: as the event says, or the causing command. */
export const stepFailure = (
  event: EventOf<'StepFailed'>,
  command: ExecutionCommandRecord,
): { readonly error?: string | undefined; readonly cause?: string | undefined } => {
  if (event.error !== undefined) return { error: event.error, cause: event.cause };
  switch (command.type) {
    case 'FailStep':
    case 'FailCallback':
    case 'FailChild':
    case 'FailLock':
      return command.body;
    case 'AnswerFromRecord':
      return command.body.how === 'failed' ? command.body : {};
    default:
      return {};
  }
};

/** What the handler declares itself to be, where its worker has said so. */
export const handlerClass = (command: ExecutionCommandRecord): EffectClass | undefined =>
  command.type === 'CompleteStep' || command.type === 'FailStep' ? command.body.effectClass : undefined;

/** What an attempt is for replay: as the definition declares, otherwise its handler, otherwise as its resource makes it. */
export const effectClassOf = (
  attempt: OpenAttempt,
  event: EventOf<'StepSucceeded' | 'StepFailed' | 'StepSubmitted'>,
  command: ExecutionCommandRecord,
): EffectClass => (event.effectClass === 'declared' ? undefined : handlerClass(command)) ?? attempt.effectClass;
