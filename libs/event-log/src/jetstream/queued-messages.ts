import type { StreamName } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { getFromLeader, isJsError, JS_ERROR } from './js-api.ts';

export interface QueuedMessage {
  readonly seq: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
}

/** What a queue holds, delivered or not, without taking any of it: oldest first, up to `max`. Empty where the stream is not there. */
export const queuedMessages = async (
  nc: NatsConnection,
  stream: StreamName,
  filter: string,
  max: number,
): Promise<readonly QueuedMessage[]> => {
  const found: QueuedMessage[] = [];
  let seq = 1;
  while (found.length < max) {
    const record = await getFromLeader(nc, stream, { seq, next_by_subj: filter }).catch((error: unknown) => {
      if (isJsError(error, JS_ERROR.streamNotFound)) return undefined;
      throw error;
    });
    if (!record) return found;
    found.push(record);
    seq = record.seq + 1;
  }
  return found;
};
