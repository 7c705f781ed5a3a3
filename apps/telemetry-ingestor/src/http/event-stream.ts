import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ProgressEvent } from '@throughline/contracts';

const HEARTBEAT_MS = 5_000;
/** What an EventSource waits before it comes back. */
const RECONNECT_MS = 1_000;

const textOf = (events: readonly ProgressEvent[]): string =>
  events.map((event) => `id: ${event.event_id}\ndata: ${JSON.stringify(event)}\n\n`).join('');

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

/** Writes until the events end or the signal aborts; a slow reader holds up its own events only, by holding up this. */
export const writeEvents = async (
  response: ServerResponse,
  events: AsyncIterable<readonly ProgressEvent[]>,
  signal: AbortSignal,
): Promise<void> => {
  const heartbeat = setInterval(() => response.write(': heartbeat\n\n'), HEARTBEAT_MS);
  try {
    for await (const batch of events) {
      if (signal.aborted) return;
      if (batch.length > 0 && !response.write(textOf(batch))) await once(response, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
};
