import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ProgressEvent } from '@throughline/contracts';

const HEARTBEAT_MS = 5_000;
/** What an EventSource waits before it comes back. */
const RECONNECT_MS = 1_000;

/** Written at once. A commit may hold a thousand events: whoever reads slowly is to have some of them, and not all in our memory. */
const CHUNK_CHARACTERS = 32 * 1024;

function* chunksOf(events: readonly ProgressEvent[]): Generator<string, void, undefined> {
  let chunk = '';
  for (const event of events) {
    chunk += `id: ${event.event_id}\ndata: ${JSON.stringify(event)}\n\n`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** The part of Fastify's reply that a stream needs. */
export interface StreamReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
  getHeaders(): OutgoingHttpHeaders;
}

/** Takes the connection over from Fastify; what its hooks have put into the headers is kept. */
export const openEventStream = (reply: StreamReply): ServerResponse => {
  reply.hijack();
  reply.raw.writeHead(200, {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    // A connection kept for later requests would keep a stopping server waiting.
    connection: 'close',
    // A proxy that collects a response before it passes it on would hold the events back.
    'x-accel-buffering': 'no',
  });
  reply.raw.write(`retry: ${RECONNECT_MS}\n\n`);
  return reply.raw;
};

export interface WriteOptions {
  readonly signal: AbortSignal;
  /** A reader that has not taken what was written for so long is cut off. */
  readonly patienceMs: number;
}

/**
 * Writes until the events end, the signal aborts, or the reader turns out too slow. Nothing is written while the reader has not
 * taken what there is, so each stream holds one chunk in memory. A reader that was cut off goes on after the last event that it has.
 */
export const writeEvents = async (
  response: ServerResponse,
  events: AsyncIterable<readonly ProgressEvent[]>,
  { signal, patienceMs }: WriteOptions,
): Promise<'ended' | 'cut'> => {
  const heartbeat = setInterval(() => response.writableNeedDrain || response.write(': heartbeat\n\n'), HEARTBEAT_MS);
  try {
    for await (const batch of events) {
      for (const chunk of chunksOf(batch)) {
        if (signal.aborted) return 'ended';
        if (response.write(chunk) || (await drained(response, { signal, patienceMs }))) continue;
        // An end would wait behind what the reader does not take.
        response.destroy();
        return 'cut';
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    if (!response.destroyed) response.end();
  }
  return 'ended';
};

/** False where the reader has not taken it in time. Throws when the signal aborts. */
const drained = async (response: ServerResponse, { signal, patienceMs }: WriteOptions): Promise<boolean> => {
  const patience = AbortSignal.timeout(patienceMs);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([signal, patience]) });
    return true;
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return false;
  }
};
