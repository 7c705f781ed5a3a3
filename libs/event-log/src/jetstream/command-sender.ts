import type { AggregateRef, CommandAnswer, Origin, SentCommand } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';

export interface SendOptions {
  /** After this long without an answer the outcome is unknown; repeat with the same id. */
  readonly timeoutMs: number;
  /** The same command goes out again this often until it is answered. */
  readonly resendMs: number;
}

/** `replyTo` is the sender's own business. Distributes over the union, so each command keeps its type. */
export type UnaddressedCommand = SentCommand extends infer C
  ? C extends SentCommand
    ? Omit<C, 'replyTo'>
    : never
  : never;

export interface CommandSender {
  send(
    origin: Origin,
    ref: AggregateRef,
    command: UnaddressedCommand,
    options: SendOptions,
  ): Promise<CommandAnswer | { readonly outcome: 'unknown' }>;
  readonly pending: number;
  close(): void;
}

export declare const createCommandSender: (
  nc: NatsConnection,
  options?: { readonly maxPending?: number },
) => CommandSender;
