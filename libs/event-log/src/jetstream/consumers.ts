import { jetstreamManager } from '@nats-io/jetstream';
import type { StreamName } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { isJsError, JS_ERROR } from './js-api.ts';

export interface ConsumerSeen {
  readonly durable: string;
  readonly filterSubject: string;
  /** Messages that it has still to deliver, or that nobody has settled yet. */
  readonly left: number;
}

/** The durable consumers of a stream. */
export const consumersOf = async (nc: NatsConnection, stream: StreamName): Promise<readonly ConsumerSeen[]> => {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const seen: ConsumerSeen[] = [];
  for await (const { name, config, num_pending, num_ack_pending } of manager.consumers.list(stream)) {
    if (config.filter_subject === undefined) continue;
    seen.push({ durable: name, filterSubject: config.filter_subject, left: num_pending + num_ack_pending });
  }
  return seen;
};

export const deleteConsumer = async (nc: NatsConnection, stream: StreamName, durable: string): Promise<void> => {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  await manager.consumers.delete(stream, durable).catch((error: unknown) => {
    if (!isJsError(error, JS_ERROR.consumerNotFound)) throw error;
  });
};
