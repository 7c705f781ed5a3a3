import { randomBytes } from 'node:crypto';
import { instantSchema, LOG_BATCH_MAX, type LogRecord, type Tenant, telemetrySubject } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';

export type LogLine = Omit<LogRecord, 'v' | 'id' | 'at' | 'service' | 'tenant'>;

export interface TelemetryLogOptions {
  readonly service: string;
  /** Lines held while the server is slow or away; more are dropped and counted. */
  readonly linesMax?: number;
  readonly flushEveryMs?: number;
}

const LINES_MAX = 10_000;
const FLUSH_EVERY_MS = 50;
const LINES_PER_FLUSH = 2_048;
const FLUSH_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const MESSAGE_CHARACTERS_MAX = 8_192;
/** Far below the server's `max_payload`, whatever the last line adds. */
const MESSAGE_CHARACTERS_SOFT_MAX = 256 * 1024;

/** Sends log records without ever making its caller wait: a bounded buffer that counts what it had to drop. */
export class TelemetryLog {
  readonly #nc: NatsConnection;
  readonly #service: string;
  readonly #linesMax: number;
  readonly #timer: NodeJS.Timeout;
  /** Ids are unique per record and cheap: one random prefix per process. */
  readonly #prefix = randomBytes(9).toString('base64url');
  #lines: Line[] = [];
  #written = 0;
  #dropped = 0;
  #sent = 0;
  #flushing: Promise<void> | undefined;

  constructor(nc: NatsConnection, options: TelemetryLogOptions) {
    this.#nc = nc;
    this.#service = options.service;
    this.#linesMax = options.linesMax ?? LINES_MAX;
    this.#timer = setInterval(() => this.#flushSoon(), options.flushEveryMs ?? FLUSH_EVERY_MS).unref();
  }

  get dropped(): number {
    return this.#dropped;
  }
  get sent(): number {
    return this.#sent;
  }
  get waiting(): number {
    return this.#lines.length;
  }

  write(tenant: Tenant, line: LogLine): void {
    if (this.#lines.length >= this.#linesMax) {
      this.#dropped += 1;
      return;
    }
    this.#written += 1;
    const record: LogRecord = {
      v: 1,
      tenant,
      id: `${this.#prefix}-${this.#written}`,
      at: instantSchema.parse(new Date().toISOString()),
      service: this.#service,
      ...line,
      message: line.message.slice(0, MESSAGE_CHARACTERS_MAX),
    };
    this.#lines.push({ subject: telemetrySubject(tenant, 'log'), record });
  }

  /** Sends what is buffered, within `timeoutMs`; counts what is left as dropped. */
  async close(timeoutMs = CLOSE_TIMEOUT_MS): Promise<void> {
    clearInterval(this.#timer);
    const until = Date.now() + timeoutMs;
    while (this.#lines.length > 0 && Date.now() < until && !this.#nc.isClosed()) {
      this.#flushSoon();
      await Promise.race([this.#flushing, pause(until - Date.now())]);
    }
    this.#dropped += this.#lines.length;
    this.#lines = [];
  }

  #flushSoon(): void {
    if (this.#flushing || this.#lines.length === 0 || this.#nc.isClosed()) return;
    this.#flushing = this.#flush().finally(() => (this.#flushing = undefined));
  }

  /** A few lines, then a round trip: while the server is away nothing piles up in the client, and the buffer's bound holds. */
  async #flush(): Promise<void> {
    const lines = this.#lines.splice(0, LINES_PER_FLUSH);
    try {
      for (const { subject, payload } of messagesOf(lines)) this.#nc.publish(subject, payload);
      await Promise.race([
        this.#nc.flush(),
        pause(FLUSH_TIMEOUT_MS).then(() => {
          throw new Error('the server does not take log lines');
        }),
      ]);
      this.#sent += lines.length;
    } catch {
      // Whether they arrived is not known; a log line is not worth sending twice.
      this.#dropped += lines.length;
    }
  }
}

interface Line {
  readonly subject: string;
  readonly record: LogRecord;
}

/** Lines of one tenant go out together: at one line per step, a message each would be a fifth of the broker's work. */
const messagesOf = (lines: readonly Line[]): readonly { readonly subject: string; readonly payload: string }[] => {
  const messages: { subject: string; payload: string }[] = [];
  const open = new Map<string, { texts: string[]; characters: number }>();
  const close = (subject: string, texts: readonly string[]): void => {
    messages.push({ subject, payload: `[${texts.join(',')}]` });
    open.delete(subject);
  };
  for (const { subject, record } of lines) {
    const text = JSON.stringify(record);
    const batch = open.get(subject) ?? { texts: [], characters: 0 };
    open.set(subject, batch);
    batch.texts.push(text);
    batch.characters += text.length;
    if (batch.texts.length === LOG_BATCH_MAX || batch.characters > MESSAGE_CHARACTERS_SOFT_MAX)
      close(subject, batch.texts);
  }
  for (const [subject, { texts }] of [...open]) close(subject, texts);
  return messages;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)).unref());
