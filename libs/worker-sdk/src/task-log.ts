import { randomUUID } from 'node:crypto';
import { type LogRecord, telemetrySubject } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import { nowInstant, type TaskLog } from './execute-task.ts';

const MESSAGE_MAX = 8_192;
const ATTRIBUTE_MAX = 1_024;
const LINES_PER_SECOND_MAX = 500;

const bounded = (value: string | number | boolean): string | number | boolean =>
  typeof value === 'string' ? value.slice(0, ATTRIBUTE_MAX) : value;

type TaskLine = Omit<LogRecord, 'v' | 'id' | 'at' | 'service' | 'tenant'>;

/** A handler's line, cut to the bounds of a log record and tied to its execution. */
export const logLineOf = (...[task, level, message, attributes = {}]: Parameters<TaskLog>): TaskLine => ({
  level,
  domain: 'step',
  message: message.slice(0, MESSAGE_MAX),
  executionId: task.executionId,
  correlationId: task.correlationId,
  step: task.state,
  traceparent: task.traceparent,
  attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key.slice(0, 64), bounded(value)])),
});

/** Fire and forget: lines over the bound, or while the connection is down, are dropped and the next one says how many. */
export const createTaskLog = (nc: NatsConnection, service: string): TaskLog => {
  let second = 0;
  let lines = 0;
  let dropped = 0;
  return (task, level, message, attributes) => {
    const now = Math.floor(Date.now() / 1_000);
    if (now !== second) {
      second = now;
      lines = 0;
    }
    if (lines >= LINES_PER_SECOND_MAX || nc.isClosed() || nc.isDraining()) {
      dropped += 1;
      return;
    }
    lines += 1;
    const line = logLineOf(task, level, message, dropped > 0 ? { ...attributes, dropped } : attributes);
    const origin = { tenant: task.tenant, service: service.slice(0, 64) };
    const record: LogRecord = { v: 1, id: randomUUID(), at: nowInstant(), ...origin, ...line };
    dropped = 0;
    nc.publish(telemetrySubject(task.tenant, 'log'), JSON.stringify(record));
  };
};
