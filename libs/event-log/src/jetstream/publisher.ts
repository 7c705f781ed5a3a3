import { type Msg, type MsgHdrs, nuid } from '@nats-io/transport-node';
import type { NatsConnection } from './connection.ts';
import { problemOf } from './js-api.ts';
import { PublishError } from '../log-server.ts';

export interface PubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
  /** Members of the atomic batch that this ack is for. */
  readonly count?: number;
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

export interface Publisher {
  publish(subject: string, bytes: Uint8Array | string, options?: PublishOptions): Promise<PubAck>;
  /** Core NATS: an empty message for whoever listens, now or never. */
  tell(subject: string): void;
  /** Waiting for an ack or in line. */
  readonly pending: number;
  close(): void;
}

interface Waiting {
  readonly subject: string;
  readonly bytes: Uint8Array | string;
  readonly headers: MsgHdrs | undefined;
  readonly deadlineMs: number;
  readonly resolve: (ack: PubAck) => void;
  readonly reject: (error: PublishError) => void;
}

/** No wildcard, space or line end: a subject that came from data must not reach the wire unchecked. */
const SUBJECT = /^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$/;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,1024}$/;
const SWEEP_MS = 100;

const headerLine = (name: string, value: string): string => {
  if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value))
    throw new Error(`not a header: ${JSON.stringify({ name, value })}`);
  return `${name}: ${value}\r\n`;
};

/** Ready bytes instead of a header object per message: the client calls nothing but `encode()` on what it is given. */
export const encodeHeaders = (options: PublishOptions): MsgHdrs | undefined => {
  let lines = '';
  if (options.expectedLastSubjectSeq !== undefined) {
    lines += headerLine('Nats-Expected-Last-Subject-Sequence', String(options.expectedLastSubjectSeq));
  }
  if (options.msgId !== undefined) lines += headerLine('Nats-Msg-Id', options.msgId);
  for (const [name, value] of Object.entries(options.headers ?? {})) lines += headerLine(name, value);
  if (lines === '') return undefined;
  const bytes = Buffer.from(`NATS/1.0\r\n${lines}\r\n`);
  // `encode` is the only member that publish() uses; building a real MsgHdrs costs more than the publish.
  return { encode: () => bytes } as unknown as MsgHdrs;
};

interface AckAnswer extends PubAck {
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** One subscription takes every PubAck; the token in the reply subject says which publish it answers. */
class InboxPublisher implements Publisher {
  readonly #nc: NatsConnection;
  readonly #maxInFlight: number;
  readonly #maxWaiting: number;
  readonly #timeoutMs: number;
  readonly #inbox = `_INBOX.${nuid.next()}`;
  readonly #inFlight = new Map<string, Waiting>();
  #line: Waiting[] = [];
  /** Where the line begins: what stands before it has been sent. */
  #next = 0;
  #tokens = 0;
  #closed = false;
  #sweeper: NodeJS.Timeout | undefined;
  readonly #subscription: { unsubscribe(): void };

  constructor(nc: NatsConnection, options: PublisherOptions) {
    this.#nc = nc;
    this.#maxInFlight = options.maxInFlight ?? 2_048;
    this.#maxWaiting = options.maxWaiting ?? 32_768;
    this.#timeoutMs = options.timeoutMs ?? 5_000;
    this.#subscription = nc.subscribe(`${this.#inbox}.*`, {
      callback: (_error, message) => this.#acked(message),
    });
    void nc.closed().then(() => this.close());
    void this.#watchConnection();
  }

  get pending(): number {
    return this.#inFlight.size + this.#lined;
  }

  get #lined(): number {
    return this.#line.length - this.#next;
  }

  publish(subject: string, bytes: Uint8Array | string, options: PublishOptions = {}): Promise<PubAck> {
    if (!SUBJECT.test(subject)) throw new Error(`not a subject: ${JSON.stringify(subject)}`);
    const headers = encodeHeaders(options);
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new PublishError('closed', 'the publisher is closed'));
      const deadlineMs = Date.now() + (options.timeoutMs ?? this.#timeoutMs);
      const waiting: Waiting = { subject, bytes, headers, deadlineMs, resolve, reject };
      if (this.#inFlight.size < this.#maxInFlight) return this.#send(waiting);
      if (this.#lined >= this.#maxWaiting) {
        return reject(new PublishError('overloaded', `${this.pending} publishes wait already`));
      }
      this.#line.push(waiting);
    });
  }

  tell(subject: string): void {
    if (!SUBJECT.test(subject)) throw new Error(`not a subject: ${JSON.stringify(subject)}`);
    if (!this.#nc.isClosed()) this.#nc.publish(subject);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweeper);
    if (!this.#nc.isClosed()) this.#subscription.unsubscribe();
    const left = [...this.#inFlight.values(), ...this.#line.slice(this.#next)];
    this.#inFlight.clear();
    this.#line = [];
    this.#next = 0;
    for (const waiting of left) waiting.reject(new PublishError('closed', 'closed before the ack came'));
  }

  #send(waiting: Waiting): void {
    const token = (this.#tokens++).toString(36);
    try {
      this.#nc.publish(waiting.subject, waiting.bytes, { reply: `${this.#inbox}.${token}`, headers: waiting.headers });
    } catch (error) {
      // The client throws for two reasons: larger than the server's max_payload, and a closed connection.
      const kind = this.#nc.isClosed() ? 'closed' : 'too-large';
      return waiting.reject(new PublishError(kind, problemOf(error)));
    }
    this.#inFlight.set(token, waiting);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  #acked(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const waiting = this.#inFlight.get(token);
    // An ack after its timeout: the publish was reported as unknown, and whoever asked has looked it up.
    if (!waiting) return;
    this.#inFlight.delete(token);
    if (message.data.length === 0) {
      waiting.reject(new PublishError('no-responders', `no stream takes ${waiting.subject}`));
    } else {
      const ack = message.json<AckAnswer>();
      if (ack.error) {
        waiting.reject(new PublishError('refused', ack.error.description ?? 'refused', ack.error.err_code));
      } else waiting.resolve(ack);
    }
    this.#advance();
  }

  /** With the connection the acks are gone; told now, the caller looks up what became of its message as soon as it can. */
  async #watchConnection(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (this.#closed) return;
      if (status.type !== 'disconnect') continue;
      const lost = [...this.#inFlight.values()];
      this.#inFlight.clear();
      for (const waiting of lost)
        waiting.reject(new PublishError('timeout', 'the connection was lost before the ack came'));
    }
  }

  #advance(): void {
    if (this.#lined === 0) return;
    while (this.#inFlight.size < this.#maxInFlight && this.#next < this.#line.length) {
      const waiting = this.#line[this.#next++];
      if (waiting) this.#send(waiting);
    }
    // Cut off in one piece: shifting a long array once per ack would cost more than the publishes.
    if (this.#next * 2 < this.#line.length) return;
    this.#line = this.#line.slice(this.#next);
    this.#next = 0;
  }

  /** One timer for all of them: a timer per publish would cost as much as the publish. */
  #sweep(): void {
    const nowMs = Date.now();
    for (const [token, waiting] of this.#inFlight) {
      if (waiting.deadlineMs > nowMs) continue;
      this.#inFlight.delete(token);
      waiting.reject(new PublishError('timeout', `no ack for ${waiting.subject} in time`));
    }
    this.#line = this.#line.slice(this.#next);
    this.#next = 0;
    const late = this.#line.filter((waiting) => waiting.deadlineMs <= nowMs);
    if (late.length > 0) this.#line = this.#line.filter((waiting) => waiting.deadlineMs > nowMs);
    for (const waiting of late) waiting.reject(new PublishError('overloaded', 'its turn did not come in time'));
    this.#advance();
    if (this.pending === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
  }
}

export const createPublisher = (nc: NatsConnection, options: PublisherOptions = {}): Publisher =>
  new InboxPublisher(nc, options);
