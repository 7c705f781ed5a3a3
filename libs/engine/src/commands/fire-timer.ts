import {
  type Aggregate,
  commandIdSchema,
  parseDueSubject,
  type SentCommand,
  timerMessageSchema,
} from '@throughline/contracts';
import type { Handled, WorkMessage } from '@throughline/event-log';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';
import type { CommandLoop } from './command-loop.ts';
import type { ReceivedCommand } from './received-command.ts';

/** What a timer that the broker fired comes to. */
export const handleDueTimer = (
  message: Pick<WorkMessage, 'subject' | 'bytes' | 'storedAtMs'>,
  loop: Pick<CommandLoop, 'submit'>,
  clock?: LogClock,
): Promise<Handled> | Handled => {
  const received = fireTimerOf(message, clock);
  return received
    ? loop.submit(received)
    : { kind: 'dead', code: 'TL0301', reason: 'not a timer that anything waits for' };
};

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
