import { BaseRpcContext, type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import type { ErrorCode } from '@throughline/contracts';
import {
  consumeTasks,
  consumeWorkQueue,
  type Handled,
  type NatsConnection,
  type TaskQueueOptions,
  type WorkMessage,
  type WorkQueue,
  type WorkQueueOptions,
} from '@throughline/event-log/jetstream';
import { lastValueFrom } from 'rxjs';

/** Second argument of an `@EventPattern` handler (`@Ctx()`). The payload (`@Payload()`) is the message's parsed JSON. */
export class JetStreamContext extends BaseRpcContext<[WorkMessage]> {
  get message(): WorkMessage {
    return this.getArgByIndex(0);
  }
}

/** Thrown by a handler for a message that can never be handled: straight to TL_DEAD with the reason. */
export class PoisonMessage extends Error {
  override readonly name = 'PoisonMessage';
  readonly code: ErrorCode;
  constructor(reason: string, code: ErrorCode = 'TL0301') {
    super(reason);
    this.code = code;
  }
}

/** Thrown by a handler while something it needs is down: the message is kept and tried again, never dead-lettered for this. */
export class HandlerUnavailable extends Error {
  override readonly name = 'HandlerUnavailable';
}

/** One durable consumer, or the tasks of a queue. */
export type JetStreamStrategyOptions =
  Omit<WorkQueueOptions, 'handle' | 'onProblem'> | Omit<TaskQueueOptions, 'handle' | 'onProblem'>;

const DONE: Handled = { kind: 'done' };

const patternOf = (subject: string): RegExp => {
  const tokens = subject.split('.').map((token) => {
    if (token === '*') return '[^.]+';
    return token === '>' ? '.+' : token.replace(/[^\w-]/g, '\\$&');
  });
  return new RegExp(`^${tokens.join('\\.')}$`);
};

const wildcardsIn = (subject: string): number => subject.split('.').filter((token) => /^[*>]$/.test(token)).length;

type ParsedPayload = { readonly ok: true; readonly json: unknown } | { readonly ok: false; readonly problem: string };

const parsePayload = (bytes: Uint8Array): ParsedPayload => {
  try {
    return { ok: true, json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
};

/**
 * Nest's transport over a work queue. Handlers are found by `@EventPattern(<subject with wildcards>)`; a
 * message is acked after its handler, kept in progress meanwhile, and dead-lettered with the reason where it is poison.
 */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol.for('throughline.jetstream');
  // Otherwise Nest logs a handler's failure and swallows it, and the message would be acked.
  override readonly propagatesEventHandlerErrors = true;
  readonly #nc: NatsConnection;
  readonly #options: JetStreamStrategyOptions;
  #patterns: readonly { readonly matches: RegExp; readonly handler: MessageHandler }[] = [];
  #queue: WorkQueue | undefined;

  constructor(nc: NatsConnection, options: JetStreamStrategyOptions) {
    super();
    this.#nc = nc;
    this.#options = options;
    this.initializeSerializer({});
    this.initializeDeserializer({});
  }

  get inFlight(): number {
    return this.#queue?.inFlight ?? 0;
  }

  listen(callback: (error?: unknown) => void): void {
    // Where two match, the one that says more: a queue of its own goes before all queues.
    this.#patterns = [...this.messageHandlers]
      .sort(([a], [b]) => wildcardsIn(a) - wildcardsIn(b))
      .map(([subject, handler]) => ({ matches: patternOf(subject), handler }));
    const toHandler = {
      handle: (message: WorkMessage) => this.#handle(message),
      onProblem: (problem: string) => this.logger.warn(problem),
    };
    const consumed =
      'queue' in this.#options
        ? consumeTasks(this.#nc, { ...this.#options, ...toHandler })
        : consumeWorkQueue(this.#nc, { ...this.#options, ...toHandler });
    consumed.then((queue) => {
      this.#queue = queue;
      callback();
    }, callback);
  }

  async close(): Promise<void> {
    await this.#queue?.drain();
  }

  on(): void {}

  unwrap<T>(): T {
    // Nest leaves it to the caller to know what is inside.
    return this.#nc as T;
  }

  async #handle(message: WorkMessage): Promise<Handled> {
    const found = this.#patterns.find(({ matches }) => matches.test(message.subject));
    if (!found) return { kind: 'dead', code: 'TL0301', reason: `nothing handles ${message.subject}` };
    const payload = parsePayload(message.bytes);
    if (!payload.ok) return { kind: 'dead', code: 'TL0301', reason: `not JSON: ${payload.problem}` };
    try {
      await this.#invoke(found.handler, payload.json, new JetStreamContext([message]));
      return DONE;
    } catch (error) {
      if (error instanceof PoisonMessage) return { kind: 'dead', code: error.code, reason: error.message };
      if (error instanceof HandlerUnavailable) return { kind: 'unavailable', reason: error.message };
      throw error;
    }
  }

  /** Resolves when the handler, and whatever stream it returned, is through. */
  #invoke(handler: MessageHandler, json: unknown, rpc: JetStreamContext): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.onProcessingStartHook(this.transportId, rpc, async () => {
        try {
          const result = this.transformToObservable(await handler(json, rpc));
          await lastValueFrom(result, { defaultValue: undefined });
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        } finally {
          this.onProcessingEndHook?.(this.transportId, rpc);
        }
      });
    });
  }
}
