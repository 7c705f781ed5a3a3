import { STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import { type CommandLoop, handleDueTimer, type LogClock } from '@throughline/engine';
import { consumeWorkQueue, type NatsConnection, type WorkQueue } from '@throughline/event-log/jetstream';

/** Timers that the broker fired become commands of what armed them; the fold takes only a timer that is pending and due. */
export const consumeDueTimers = (
  nc: NatsConnection,
  loop: CommandLoop,
  options: {
    readonly inFlightMax: number;
    readonly clock: LogClock;
    readonly onProblem: (problem: string, cause?: unknown) => void;
  },
): Promise<WorkQueue> =>
  consumeWorkQueue(nc, {
    stream: STREAMS.timers,
    durable: 'orchestrator-due',
    filterSubject: SUBJECT_FILTERS.due,
    maxInFlight: options.inFlightMax,
    ackWaitMs: 30_000,
    maxDeliver: 10,
    onProblem: options.onProblem,
    handle: (message) => handleDueTimer(message, loop, options.clock),
  });
