import { STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import { type CommandLoop, handleDueTimer, type LogClock } from '@throughline/engine';
import { consumeWorkQueue, type NatsConnection, type SharedWorkQueue } from '@throughline/event-log/jetstream';

export const dueDurable = (partition: number): string => `orchestrator-due-${partition}`;

/** Timers that the broker fired become commands of what armed them; the fold takes only a timer that is pending and due. */
export const consumeDueTimers = (
  nc: NatsConnection,
  loop: CommandLoop,
  options: {
    readonly partition: number;
    readonly inFlightMax: number;
    readonly clock: LogClock;
    readonly onProblem: (problem: string, cause?: unknown) => void;
  },
): Promise<SharedWorkQueue> =>
  consumeWorkQueue(nc, {
    stream: STREAMS.timers,
    durable: dueDurable(options.partition),
    filterSubject: SUBJECT_FILTERS.dueOfPartition(options.partition),
    maxInFlight: options.inFlightMax,
    exclusive: true,
    ackWaitMs: 30_000,
    maxDeliver: 10,
    onProblem: options.onProblem,
    handle: (message) => handleDueTimer(message, loop, options.clock),
  });
