import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { type Msg, nanos, nuid } from '@nats-io/transport-node';
import type { StreamName } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { isJsError, JS_ERROR } from './js-api.ts';

/** Where single messages of a work queue are taken from, by whoever asks next. */
export interface TakeSource {
  readonly stream: StreamName;
  readonly durable: string;
  readonly filterSubject: string;
  /** A message that was neither acked nor given back is there for others again after this. */
  readonly ackWaitMs: number;
  /** The consumer goes away when nobody has asked for so long; the messages stay. */
  readonly inactiveMs: number;
}

export interface TakenMessage {
  readonly bytes: Uint8Array;
  ack(): void;
  /** The next one who asks gets it at once. */
  giveBack(): void;
}

const AGAIN_MS = 100;
/** The server answers a request that does not wait at once. */
const ANSWER_MS = 2_000;

/** The next message, or undefined where none came in time or the signal said to stop. */
export const takeOne = async (
  nc: NatsConnection,
  source: TakeSource,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<TakenMessage | undefined> => {
  const until = performance.now() + waitMs;
  for (let asked = 0; ; asked += 1) {
    if (signal.aborted) return undefined;
    // Whole milliseconds: the server does not read a fraction of a nanosecond.
    const leftMs = Math.ceil(until - performance.now());
    if (asked > 0 && leftMs <= 0) return undefined;
    const answer = await ask(nc, source, Math.max(0, leftMs), signal);
    if (answer?.reply) return takenOf(nc, answer);
    const code = answer?.headers?.code;
    if (code === 503 || code === 409) {
      await addConsumer(nc, source);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    } else if (code !== undefined && code !== 404 && code !== 408) {
      throw new Error(`${source.stream} gives no message: ${code} ${answer?.headers?.description}`);
    } else if (leftMs <= 0) return undefined;
  }
};

/** One pull request: a message, a status of the server, or undefined where neither came. */
const ask = (nc: NatsConnection, source: TakeSource, waitMs: number, signal: AbortSignal): Promise<Msg | undefined> =>
  new Promise((resolve) => {
    const inbox = `_INBOX.${nuid.next()}`;
    const done = (message?: Msg): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      // The server drops a request whose inbox nobody listens to any more.
      if (!nc.isClosed()) subscription.unsubscribe();
      resolve(message);
    };
    const abort = (): void => done();
    const subscription = nc.subscribe(inbox, { max: 1, callback: (_error, message) => done(message) });
    const timer = setTimeout(done, waitMs + ANSWER_MS);
    signal.addEventListener('abort', abort, { once: true });
    const request = waitMs > 0 ? { batch: 1, expires: nanos(waitMs) } : { batch: 1, no_wait: true };
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${source.stream}.${source.durable}`, JSON.stringify(request), {
      reply: inbox,
    });
  });

const addConsumer = async (nc: NatsConnection, source: TakeSource): Promise<void> => {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const config = {
    durable_name: source.durable,
    filter_subject: source.filterSubject,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(source.ackWaitMs),
    inactive_threshold: nanos(source.inactiveMs),
    max_deliver: -1,
  };
  try {
    await manager.consumers.add(source.stream, config);
  } catch (error) {
    // Somebody else was first, or the stream is about to be made again: the next request shows.
    if (!isJsError(error, JS_ERROR.consumerExists) && !isJsError(error, JS_ERROR.streamNotFound)) throw error;
  }
};

const takenOf = (nc: NatsConnection, message: Msg): TakenMessage => {
  const answer = (text?: string): void => {
    if (!nc.isClosed()) nc.publish(message.reply ?? '', text);
  };
  return {
    bytes: message.data,
    ack: () => answer(),
    giveBack: () => answer('-NAK'),
  };
};
