import { type Msg, nuid, type Subscription } from '@nats-io/transport-node';
import {
  type AggregateRef,
  type CommandAnswer,
  commandAnswerSchema,
  commandSubject,
  type ErrorCode,
  type Origin,
  replySubjectSchema,
  type SentCommand,
} from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { problemOf } from './js-api.ts';

export interface SendOptions {
  /** After this long without an answer the outcome is unknown; repeat with the same id. */
  readonly timeoutMs: number;
  /** After this long the same command goes out again, and then after ever longer, until it is answered. */
  readonly resendMs: number;
}

/** `replyTo` is the sender's own business. Distributes over the union, so each command keeps its type. */
export type UnaddressedCommand = SentCommand extends infer C
  ? C extends SentCommand
    ? Omit<C, 'replyTo'>
    : never
  : never;

export type SendOutcome = CommandAnswer | { readonly outcome: 'unknown' };

export interface CommandSender {
  send(origin: Origin, ref: AggregateRef, command: UnaddressedCommand, options: SendOptions): Promise<SendOutcome>;
  readonly pending: number;
  close(): void;
}

interface Pending {
  readonly subject: string;
  readonly bytes: Uint8Array;
  resendMs: number;
  readonly deadlineMs: number;
  resendAtMs: number;
  readonly resolve: (outcome: SendOutcome) => void;
}

const SWEEP_MS = 50;
const PENDING_MAX = 10_000;

const answerOf = (message: Msg): CommandAnswer | undefined => {
  try {
    const parsed = commandAnswerSchema.safeParse(message.json());
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Sends commands and waits for what the log made of them. The stream's own ack says nothing about that, and the queue
 * may lose an undecided command, so none is asked for: the command goes out again, under the same id, until answered.
 */
class InboxCommandSender implements CommandSender {
  readonly #nc: NatsConnection;
  readonly #pendingMax: number;
  readonly #inbox = `_INBOX.${nuid.next()}`;
  readonly #subscription: Subscription;
  readonly #pending = new Map<string, Pending>();
  #tokens = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(nc: NatsConnection, pendingMax: number) {
    this.#nc = nc;
    this.#pendingMax = pendingMax;
    this.#subscription = nc.subscribe(`${this.#inbox}.*`, { callback: (_error, message) => this.#answered(message) });
    void nc.closed().then(() => this.close());
  }

  get pending(): number {
    return this.#pending.size;
  }

  send(origin: Origin, ref: AggregateRef, command: UnaddressedCommand, options: SendOptions): Promise<SendOutcome> {
    if (this.#closed) return Promise.resolve({ outcome: 'unknown' });
    if (this.#pending.size >= this.#pendingMax) {
      return Promise.resolve(
        notSent(command, 'TL0010', `${this.#pending.size} commands wait for their answers already`),
      );
    }
    const token = (this.#tokens++).toString(36);
    const replyTo = replySubjectSchema.parse(`${this.#inbox}.${token}`);
    const bytes = Buffer.from(JSON.stringify({ ...command, replyTo }));
    const nowMs = Date.now();
    return new Promise((resolve) => {
      const pending: Pending = {
        subject: commandSubject(origin, ref),
        bytes,
        resendMs: options.resendMs,
        deadlineMs: nowMs + options.timeoutMs,
        resendAtMs: nowMs + options.resendMs,
        resolve,
      };
      try {
        this.#nc.publish(pending.subject, bytes);
      } catch (error) {
        return resolve(notSent(command, this.#nc.isClosed() ? 'TL0008' : 'TL0005', problemOf(error)));
      }
      this.#pending.set(token, pending);
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweeper);
    if (!this.#nc.isClosed()) this.#subscription.unsubscribe();
    for (const { resolve } of this.#pending.values()) resolve({ outcome: 'unknown' });
    this.#pending.clear();
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const pending = this.#pending.get(token);
    // A second answer to a command that went out twice, or one that is no answer at all: the first good one counts.
    if (!pending) return;
    const answer = answerOf(message);
    if (!answer) return;
    this.#pending.delete(token);
    pending.resolve(answer);
  }

  #sweep(): void {
    const nowMs = Date.now();
    for (const [token, pending] of this.#pending) {
      if (pending.deadlineMs <= nowMs) {
        this.#pending.delete(token);
        pending.resolve({ outcome: 'unknown' });
      } else if (pending.resendAtMs <= nowMs && !this.#nc.isClosed()) {
        // Whoever is late to answer must not get more to do with every second.
        pending.resendMs *= 2;
        pending.resendAtMs = nowMs + pending.resendMs;
        this.#nc.publish(pending.subject, pending.bytes);
      }
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

const notSent = (command: UnaddressedCommand, code: ErrorCode, message: string): CommandAnswer => ({
  v: 1,
  outcome: 'refused',
  commandId: command.id,
  refusal: { code, message },
});

export const createCommandSender = (
  nc: NatsConnection,
  options: { readonly maxPending?: number } = {},
): CommandSender => new InboxCommandSender(nc, options.maxPending ?? PENDING_MAX);
