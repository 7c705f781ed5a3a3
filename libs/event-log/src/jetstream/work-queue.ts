import type { ErrorCode, StreamName } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';

export interface WorkMessage {
  /** As stored, so a command's is `tl.cmd.<partition>.…`. */
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly seq: number;
  /** 1 on the first delivery. */
  readonly deliveries: number;
  /** The broker's timestamp. */
  readonly storedAtMs: number;
  header(name: string): string | undefined;
}

export type Handled =
  /** Settled: acked. */
  | { readonly kind: 'done' }
  /** This message failed: delivered again after a short wait, dead-lettered after `maxDeliver` deliveries. */
  | { readonly kind: 'retry'; readonly reason: string }
  /** Something it needs is down: kept, handled again here until it is back; never dead-lettered for this. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** It can never be handled: to TL_DEAD with the reason, then acked. */
  | { readonly kind: 'dead'; readonly code: ErrorCode; readonly reason: string };

export interface WorkQueueOptions {
  readonly stream: StreamName;
  readonly durable: string;
  readonly filterSubject: string;
  /** Messages handled at once by this process; it pulls only for free slots. */
  readonly maxInFlight: number;
  /** Messages out at once over all processes that share the durable; default 20,000. */
  readonly maxAckPending?: number;
  /** A message in hand is kept by in-progress acks every third of this; after a crash it comes back this much later. */
  readonly ackWaitMs: number;
  readonly maxDeliver: number;
  /** Called synchronously as messages are parsed off the socket, so a caller may gather what came together. A throw means `retry`. */
  handle(message: WorkMessage): Promise<Handled> | Handled;
  onProblem?(problem: string, cause?: unknown): void;
}

export interface WorkQueue {
  readonly inFlight: number;
  /** True while the consumer is there and pulled from. */
  readonly connected: boolean;
  /** Takes no more, waits (at most `timeoutMs`) for what is in hand; what is left comes back by redelivery. */
  drain(timeoutMs?: number): Promise<void>;
}

/** Resolves when the consumer is there for the first time; survives the loss of connection, consumer and stream from then on. */
export declare const consumeWorkQueue: (nc: NatsConnection, options: WorkQueueOptions) => Promise<WorkQueue>;
