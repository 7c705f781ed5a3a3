import {
  COMMAND_ORIGINS,
  type CommandAnswer,
  type CommandType,
  type ErrorCode,
  isDecidedAggregate,
  parseCommandSubject,
  replySubjectSchema,
  type SentCommand,
  sentCommandSchemas,
  type StartExecution,
  STREAMS,
  SUBJECT_FILTERS,
} from '@throughline/contracts';
import {
  consumeWorkQueue,
  type Handled,
  type NatsConnection,
  type WorkMessage,
  type WorkQueue,
} from '@throughline/event-log/jetstream';
import { executionIdOf, executionIdOfKey } from '@throughline/execution';
import { z } from 'zod';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { ReceivedCommand } from '../commands/received-command.ts';
import type { LogRoom } from '../commands/log-room.ts';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';

/** Commands and step results arrive here: checked once, then handed to the command loop, which acks last. */

const ACK_WAIT_MS = 30_000;
const DELIVER_MAX = 10;
/** A schema's complaint quotes what does not fit; an answer has to stay smaller than a message. */
const PROBLEM_CHARS_MAX = 4_000;

export interface CommandConsumerOptions {
  readonly partition: number;
  /** Commands in hand at once: bounds memory, and with it how many lanes can be open. */
  readonly inFlightMax: number;
  readonly clock: LogClock;
  readonly reply: (replyTo: string, answer: CommandAnswer) => void;
  readonly onProblem: (problem: string, cause?: unknown) => void;
}

type Checked =
  | { readonly kind: 'command'; readonly received: ReceivedCommand }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details?: unknown;
      readonly replyTo?: string;
    };

export const consumeCommands = (
  nc: NatsConnection,
  loop: CommandLoop,
  room: LogRoom,
  options: CommandConsumerOptions,
): Promise<WorkQueue> =>
  consumeWorkQueue(nc, {
    stream: STREAMS.commands,
    durable: `orchestrator-${options.partition}`,
    filterSubject: SUBJECT_FILTERS.commandsOfPartition(options.partition),
    maxInFlight: options.inFlightMax,
    ackWaitMs: ACK_WAIT_MS,
    maxDeliver: DELIVER_MAX,
    onProblem: options.onProblem,
    handle: (message): Promise<Handled> | Handled => {
      const checked = checkCommand(message, options.clock);
      if (checked.kind === 'refused') return refuse(checked, options.reply);
      const { command } = checked.received;
      if (!room.accepts(command.type)) return noRoom(command, options.reply);
      return loop.submit(checked.received);
    },
  });

/** Everything that can be said of a command without its aggregate's state. */
export const checkCommand = (
  message: Pick<WorkMessage, 'subject' | 'bytes' | 'storedAtMs'>,
  clock: LogClock = BROKER_CLOCK,
): Checked => {
  const json = parseJson(message.bytes);
  const replyTo = replyToOf(json);
  const address = parseCommandSubject(message.subject);
  if (!address)
    return { kind: 'refused', code: 'TL0006', message: `${message.subject} addresses no aggregate`, replyTo };
  const { origin, ref } = address;
  if (!isDecidedAggregate(ref.aggregate)) {
    return { kind: 'refused', code: 'TL0006', message: `nothing decides ${ref.aggregate} aggregates yet`, replyTo };
  }
  const parsed = sentCommandSchemas[ref.aggregate].safeParse(json);
  if (!parsed.success) {
    const message = z.prettifyError(parsed.error).slice(0, PROBLEM_CHARS_MAX);
    return { kind: 'refused', code: 'TL0001', message, replyTo };
  }
  const command: SentCommand = parsed.data;
  if (!COMMAND_ORIGINS[command.type].includes(origin)) {
    return { kind: 'refused', code: 'TL0110', message: `${command.type} cannot come from origin ${origin}`, replyTo };
  }
  if (command.type === 'StartExecution' && origin !== 'system' && isChildOfEngine(command.body)) {
    const message = `only the engine says what attempt, schedule or record an execution belongs to, not origin ${origin}`;
    return { kind: 'refused', code: 'TL0110', message, replyTo };
  }
  const key = command.type === 'StartExecution' && origin === 'client' ? command.body.idempotencyKey : undefined;
  if (key !== undefined && executionIdOfKey(ref.tenant, key) !== executionIdOf(ref)) {
    const executionId = executionIdOfKey(ref.tenant, key);
    const message = `the key belongs to execution ${executionId}`;
    return { kind: 'refused', code: 'TL0172', message, details: { executionId }, replyTo };
  }
  if (command.type === 'StartExecution' && origin !== 'system') {
    const { policy, preflightResult } = command.body;
    if (policy !== undefined || preflightResult !== undefined) {
      const message = `timeout policy and preflight of a start are the engine's to say, not origin ${origin}'s`;
      return { kind: 'refused', code: 'TL0110', message, replyTo };
    }
  }
  return { kind: 'command', received: { ref, command, at: clock.recordedAt(message.storedAtMs) } };
};

/**
 * Whoever could name an attempt could end it with a child of its own making; likewise a schedule's run. Whoever could say on
 * whose behalf it starts could approve what it asks for itself.
 */
const isChildOfEngine = ({
  parentAttempt,
  generation,
  schedule,
  heldAssets,
  requestedBy,
  origin,
}: StartExecution): boolean =>
  [parentAttempt, generation, schedule, heldAssets, requestedBy, origin].some((said) => said !== undefined);

/** A sender that waits hears why; a message that nobody waits for must leave a trace, so it is dead-lettered. */
const refuse = (checked: Extract<Checked, { kind: 'refused' }>, reply: CommandConsumerOptions['reply']): Handled => {
  if (checked.replyTo === undefined) return { kind: 'dead', code: checked.code, reason: checked.message };
  const { code, message, details } = checked;
  const refusal = { code, message, ...(details === undefined ? {} : { details }) };
  reply(checked.replyTo, { v: 1, outcome: 'refused', refusal });
  return { kind: 'done' };
};

const STARTS: readonly CommandType[] = ['StartExecution', 'RegisterWorkflow'];

const noRoom = (command: SentCommand, reply: CommandConsumerOptions['reply']): Handled => {
  // Results, timers and cancels of accepted work are kept until there is room again; new work is sent away.
  if (!STARTS.includes(command.type)) return { kind: 'unavailable', reason: 'the log is 90 % full' };
  const refusal = { code: 'TL0204', message: 'the log is 70 % full: archive or enlarge it, then start again' };
  if (command.replyTo) reply(command.replyTo, { v: 1, outcome: 'refused', commandId: command.id, refusal });
  return { kind: 'done' };
};

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
};

/** The inbox of a command that does not parse as a whole: its sender should hear so all the same. */
const replyToOf = (json: unknown): string | undefined => {
  if (typeof json !== 'object' || json === null || !('replyTo' in json)) return undefined;
  const parsed = replySubjectSchema.safeParse(json.replyTo);
  return parsed.success ? parsed.data : undefined;
};
