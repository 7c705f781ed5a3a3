import { randomUUID } from 'node:crypto';
import {
  type Actor,
  type AggregateRef,
  type Command,
  COMMAND_VERSION,
  type CommandId,
  commandIdSchema,
  type Origin,
} from '@throughline/contracts';
import type { CommandSender, SendOutcome, UnaddressedCommand } from '@throughline/event-log/jetstream';
import { activeTraceparent } from './tracing.ts';

/** Whoever commands gets the commit's answer within this time, or hears that the outcome is unknown. */
export const ANSWER_MS = 10_000;
const RESEND_MS = 2_500;

export interface OutgoingCommand {
  readonly origin: Origin;
  readonly ref: AggregateRef;
  readonly actor: Actor;
  readonly command: Command;
  /** Where a repeat is to be recognised as one; random where it is left out. */
  readonly id?: CommandId;
  readonly causationId?: string;
  /** The active span's where it is left out. */
  readonly traceparent?: string;
}

/** Sends one command through the queue that everybody's commands take, and waits for what the log made of it. */
export const sendCommand = (
  sender: CommandSender,
  { origin, ref, actor, command, id, causationId, traceparent = activeTraceparent() }: OutgoingCommand,
): Promise<SendOutcome> => {
  const envelope = {
    v: COMMAND_VERSION,
    id: id ?? commandIdSchema.parse(randomUUID()),
    actor,
    ...(causationId === undefined ? {} : { causationId }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...command,
    // The cast joins envelope and body, whose pairing `Command` has checked.
  } as UnaddressedCommand;
  return sender.send(origin, ref, envelope, { timeoutMs: ANSWER_MS, resendMs: RESEND_MS });
};
