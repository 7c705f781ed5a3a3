import { type ApiError, JetStreamApiError } from '@nats-io/jetstream';
import type { StoredRecord } from '../aggregate-reader.ts';
import { FENCE_ERROR, type RecordQuery } from '../log-server.ts';
import type { NatsConnection } from './connection.ts';

/** Error numbers of the JetStream API that this library acts on. */
export const JS_ERROR = {
  ...FENCE_ERROR,
  streamNotFound: 10059,
  noMessageFound: 10037,
  consumerExists: 10148,
  consumerNotFound: 10014,
  consumerNotUnique: 10100,
} as const;

const API_TIMEOUT_MS = 5_000;

/** One request to `$JS.API`: the typed manager has no leader read by subject, nor purge by subject without a stream lookup. */
export const jsApi = async <T>(
  nc: NatsConnection,
  path: string,
  body: unknown,
  timeoutMs = API_TIMEOUT_MS,
): Promise<T> => {
  const reply = await nc.request(`$JS.API.${path}`, JSON.stringify(body), { timeout: timeoutMs });
  const answer = reply.json<{ error?: ApiError }>();
  if (answer.error) throw new JetStreamApiError(answer.error);
  // The server's own answer to this path; each caller names the few fields that it reads.
  return answer as T;
};

export const isJsError = (error: unknown, code: number): boolean =>
  error instanceof JetStreamApiError && error.code === code;

export const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface MessageGetAnswer {
  readonly message: { readonly subject: string; readonly seq: number; readonly data?: string; readonly time: string };
}

/** `STREAM.MSG.GET` is answered by the stream's leader, so what it says is never stale. */
export const getFromLeader = async (
  nc: NatsConnection,
  stream: string,
  query: RecordQuery,
  timeoutMs?: number,
): Promise<StoredRecord | undefined> => {
  try {
    const { message } = await jsApi<MessageGetAnswer>(nc, `STREAM.MSG.GET.${stream}`, query, timeoutMs);
    return {
      seq: message.seq,
      subject: message.subject,
      storedAt: toInstant(message.time),
      bytes: Buffer.from(message.data ?? '', 'base64'),
    };
  } catch (error) {
    if (isJsError(error, JS_ERROR.noMessageFound)) return undefined;
    throw error;
  }
};

/** The server writes nanoseconds and leaves out trailing zeros; the engine has milliseconds. Cut off, never rounded up. */
export const toInstant = (time: string): string =>
  `${time.slice(0, 19)}.${(/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(3, '0').slice(0, 3)}Z`;
