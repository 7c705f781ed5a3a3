import { connect, type NatsConnection } from '@nats-io/transport-node';

export type { NatsConnection };

export interface NatsOptions {
  /** One URL or several, as NATS_URL has them: comma-separated. */
  readonly url: string;
  /** Shown by the server's monitor: the service's name. */
  readonly name: string;
  /** How long the first connection is tried. Once connected, reconnects go on for ever. */
  readonly connectTimeoutMs?: number;
}

const RETRY_MS = 250;
/** A server that hangs, or a network that swallows, says nothing: after 6 s without a pong the next server is tried. */
const PING_EVERY_MS = 2_000;
const PINGS_OUT_MAX = 2;

/** A lost connection is not an error of the process: it reconnects until it is closed, and waits show up as readiness. */
export const connectNats = async (options: NatsOptions): Promise<NatsConnection> => {
  const until = Date.now() + (options.connectTimeoutMs ?? 10_000);
  for (;;) {
    try {
      return await connect({
        servers: options.url.split(',').map((server) => server.trim()),
        name: options.name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        reconnectJitter: 100,
        pingInterval: PING_EVERY_MS,
        maxPingOut: PINGS_OUT_MAX,
        timeout: 5_000,
        // Stack traces taken per request cost more than the request.
        noAsyncTraces: true,
      });
    } catch (error) {
      if (Date.now() + RETRY_MS > until) {
        throw new Error(`no NATS server answers at ${options.url}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
};
