import { type EventData, type ExecutionEvent, isJsonObject, type Json } from '@throughline/contracts';
import type { ExecutionCommandRecord } from './decider.ts';

export type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

/** The value that an event's data stands for: what was there before, a field of the causing command, or a computed one. */
export const valueOf = (data: EventData | undefined, before: Json, command: ExecutionCommandRecord): Json => {
  if (data === undefined) return before;
  if ('value' in data) return data.value;
  // Every body is a JSON object; the check below is for a forged log, whose reference may lead nowhere.
  const body = command.body as Json;
  const value = isJsonObject(body) && Object.hasOwn(body, data.ref) ? body[data.ref] : undefined;
  if (value === undefined) throw new Error(`a ${command.type} has no ${data.ref} to refer to`);
  return value;
};
