import {
  COMMAND_ORIGINS,
  type CommandAnswer,
  type CommandType,
  type ErrorCode,
  isDecidedAggregate,
  type Origin,
  parseCommandSubject,
  type Refusal,
  replySubjectSchema,
  type SentCommand,
  sentCommandSchemas,
  type StartExecution,
} from '@throughline/contracts';
import type { Handled, WorkMessage } from '@throughline/event-log';
import { executionIdOf, executionIdOfKey } from '@throughline/execution';
import { z } from 'zod';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';
import type { Admission } from './admission.ts';
import type { FairTurns } from './fair-turns.ts';
import type { CommandLoop } from './command-loop.ts';
import type { LogRoom } from './log-room.ts';
import type { ReceivedCommand } from './received-command.ts';

/** A schema's complaint quotes what does not fit; an answer has to stay smaller than a message. */
const PROBLEM_CHARS_MAX = 4_000;

type Checked =
  | { readonly kind: 'command'; readonly origin: Origin; readonly received: ReceivedCommand }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details?: unknown;
      readonly replyTo?: string;
    };

export interface CommandHandlerParts {
  readonly loop: Pick<CommandLoop, 'submit'>;
  readonly room: Pick<LogRoom, 'accepts'>;
  /** Whose turn it is, and who may begin something new; everybody at once where they are left out. */
  readonly turns?: FairTurns;
  readonly admission?: Admission;
  readonly clock?: LogClock;
  readonly reply: (replyTo: string, answer: CommandAnswer) => void;
}

/** What a message of the command queue comes to: checked once, then handed to the command loop, which acks last. */
export const handleCommand = (
  message: Pick<WorkMessage, 'subject' | 'bytes' | 'storedAtMs'> & Partial<Pick<WorkMessage, 'deliveries'>>,
  { loop, room, turns, admission, clock, reply }: CommandHandlerParts,
): Promise<Handled> | Handled => {
  const checked = checkCommand(message, clock);
  if (checked.kind === 'refused') return refuse(checked, reply);
  const { origin, received } = checked;
  const { command, ref } = received;
  if (!room.accepts(command.type)) return noRoom(command, reply);
  const { storedAtMs, deliveries = 1 } = message;
  const refusal = admission?.refusalOf({ tenant: ref.tenant, origin, command, storedAtMs, deliveries });
  if (refusal) return sentAway(command, refusal, reply);
  return turns ? turns.run(ref.tenant, () => loop.submit(received)) : loop.submit(received);
};

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
  return { kind: 'command', origin, received: { ref, command, at: clock.recordedAt(message.storedAtMs) } };
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
const refuse = (checked: Extract<Checked, { kind: 'refused' }>, reply: CommandHandlerParts['reply']): Handled => {
  if (checked.replyTo === undefined) return { kind: 'dead', code: checked.code, reason: checked.message };
  const { code, message, details } = checked;
  const refusal = { code, message, ...(details === undefined ? {} : { details }) };
  reply(checked.replyTo, { v: 1, outcome: 'refused', refusal });
  return { kind: 'done' };
};

const STARTS: readonly CommandType[] = ['StartExecution', 'RegisterWorkflow'];

const noRoom = (command: SentCommand, reply: CommandHandlerParts['reply']): Handled => {
  // Results, timers and cancels of accepted work are kept until there is room again; new work is sent away.
  if (!STARTS.includes(command.type)) return { kind: 'unavailable', reason: 'the log is 90 % full' };
  return sentAway(
    command,
    { code: 'TL0204', message: 'the log is 70 % full: archive or enlarge it, then start again' },
    reply,
  );
};

/** Not dead-lettered where nobody waits: it is neither broken nor lost, but not accepted. */
const sentAway = (command: SentCommand, refusal: Refusal, reply: CommandHandlerParts['reply']): Handled => {
  if (command.replyTo) reply(command.replyTo, { v: 1, outcome: 'refused', commandId: command.id, refusal });
  return { kind: 'done' };
};

/** Making one costs more than what it does to a command. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(UTF8.decode(bytes));
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
