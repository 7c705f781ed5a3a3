import {
  type Aggregate,
  commandIdSchema,
  parseDueSubject,
  type SentCommand,
  STREAMS,
  SUBJECT_FILTERS,
  timerMessageSchema,
} from '@throughline/contracts';
import {
  consumeWorkQueue,
  type Handled,
  type NatsConnection,
  type WorkMessage,
  type WorkQueue,
} from '@throughline/event-log/jetstream';
import type { CommandLoop } from '../commands/command-loop.ts';
import type { ReceivedCommand } from '../commands/received-command.ts';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';

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
    handle: (message): Promise<Handled> | Handled => {
      const received = fireTimerOf(message, options.clock);
      return received
        ? loop.submit(received)
        : { kind: 'dead', code: 'TL0301', reason: 'not a timer that anything waits for' };
    },
  });

export const fireTimerOf = (
  message: Pick<WorkMessage, 'subject' | 'bytes' | 'storedAtMs'>,
  clock: LogClock = BROKER_CLOCK,
): ReceivedCommand | undefined => {
  const address = parseDueSubject(message.subject);
  const body = timerMessageSchema.safeParse(jsonOf(message.bytes));
  if (!address || !body.success || body.data.timer !== address.timer) return undefined;
  const type = firedAs(address.ref.aggregate);
  if (!type) return undefined;
  const command: SentCommand = {
    v: 1,
    // One timer fires once, so its own id names the command; a redelivery is then a duplicate.
    id: commandIdSchema.parse(`fire-${address.timer}`),
    type,
    actor: { kind: 'system', id: 'timers' },
    ...(body.data.traceparent === undefined ? {} : { traceparent: body.data.traceparent }),
    body: { timer: address.timer },
  };
  return { ref: address.ref, command, at: clock.recordedAt(message.storedAtMs) };
};

/** Undefined for aggregates that arm no timers. */
const firedAs = (aggregate: Aggregate): 'FireTimer' | 'FireSchedule' | undefined => {
  switch (aggregate) {
    case 'execution':
    case 'lock':
      return 'FireTimer';
    case 'schedule':
      return 'FireSchedule';
    default:
      return undefined;
  }
};

const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
};
