import { type CommandAnswer, STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import {
  type Admission,
  type CommandLoop,
  type FairTurns,
  handleCommand,
  type LogClock,
  type LogRoom,
} from '@throughline/engine';
import { consumeWorkQueue, type NatsConnection, type SharedWorkQueue } from '@throughline/event-log/jetstream';

/** Commands and step results arrive here: checked once, then handed to the command loop, which acks last. */

const ACK_WAIT_MS = 30_000;
const DELIVER_MAX = 10;
export interface CommandConsumerOptions {
  readonly partition: number;
  /** Commands in hand at once: bounds memory, and with it how many lanes can be open. */
  readonly inFlightMax: number;
  /** Everybody at once, and nobody sent away, where they are left out. */
  readonly turns?: FairTurns;
  readonly admission?: Admission;
  /** Where that is not always as many. */
  readonly mayHold?: () => number;
  readonly clock: LogClock;
  readonly reply: (replyTo: string, answer: CommandAnswer) => void;
  readonly onProblem: (problem: string, cause?: unknown) => void;
}

export const commandsDurable = (partition: number): string => `orchestrator-${partition}`;

export const consumeCommands = (
  nc: NatsConnection,
  loop: CommandLoop,
  room: LogRoom,
  options: CommandConsumerOptions,
): Promise<SharedWorkQueue> => {
  const { turns, admission, clock, reply } = options;
  const parts = { ...(turns && { turns }), ...(admission && { admission }), clock, reply };
  return consumeWorkQueue(nc, {
    stream: STREAMS.commands,
    durable: commandsDurable(options.partition),
    filterSubject: SUBJECT_FILTERS.commandsOfPartition(options.partition),
    maxInFlight: options.inFlightMax,
    ...(options.mayHold ? { mayHold: options.mayHold } : {}),
    exclusive: true,
    ackWaitMs: ACK_WAIT_MS,
    maxDeliver: DELIVER_MAX,
    onProblem: options.onProblem,
    handle: (message) => handleCommand(message, { loop, room, ...parts }),
  });
};
