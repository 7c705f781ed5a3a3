import { BaseRpcContext, type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { ErrorCode } from '@throughline/contracts';
import type { NatsConnection, WorkMessage, WorkQueueOptions } from '@throughline/event-log/jetstream';

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

export type JetStreamStrategyOptions = Omit<WorkQueueOptions, 'handle' | 'onProblem'>;

/** Nest's transport over one durable work queue. Handlers are found by `@EventPattern(<subject with wildcards>)`. */
export declare class JetStreamStrategy extends Server implements CustomTransportStrategy {
  constructor(nc: NatsConnection, options: JetStreamStrategyOptions);
  listen(callback: (error?: unknown) => void): void;
  close(): Promise<void>;
  on(): void;
  unwrap<T>(): T;
}
