import type { NatsConnection } from './connection.ts';

export interface PubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

export interface PublishOptions {
  /** `Nats-Msg-Id`: within the stream's window a second one is dropped (and acked as duplicate). */
  readonly msgId?: string;
  readonly expectedLastSubjectSeq?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface PublisherOptions {
  /** Publishes that wait for their ack at once; more wait in line. */
  readonly maxInFlight?: number;
  /** Publishes that may wait in line; more are refused as `overloaded`. */
  readonly maxWaiting?: number;
  readonly timeoutMs?: number;
}

/** Why a publish has no ack. `refused`: the server said no (`errCode`). `timeout`: it may or may not be stored. */
export class PublishError extends Error {
  readonly kind: 'refused' | 'timeout' | 'no-responders' | 'overloaded' | 'closed' | 'too-large';
  readonly errCode: number;
  constructor(kind: PublishError['kind'], message: string, errCode = 0) {
    super(message);
    this.name = 'PublishError';
    this.kind = kind;
    this.errCode = errCode;
  }
}

export interface Publisher {
  publish(subject: string, bytes: Uint8Array | string, options?: PublishOptions): Promise<PubAck>;
  /** Waiting for an ack or in line. */
  readonly pending: number;
  close(): void;
}

export declare const createPublisher: (nc: NatsConnection, options?: PublisherOptions) => Publisher;
