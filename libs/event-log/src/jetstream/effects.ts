import {
  type AggregateRef,
  DELIVERY_QUEUE,
  type DeliveryTask,
  dueSubject,
  type Instant,
  type Queue,
  type StepTask,
  type StreamName,
  STREAMS,
  SUBJECT_FILTERS,
  taskSubject,
  type TimerId,
  type TimerMessage,
  timerSubject,
} from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { getFromLeader, isJsError, JS_ERROR, jsApi } from './js-api.ts';
import type { Publisher } from './publisher.ts';
import { announce } from './task-sources.ts';

const attemptId = ({ tenant, executionId, token }: StepTask): string => `${tenant}.${executionId}.${token}`;

/**
 * Publishes a step attempt under an id, of itself one of execution and token: published twice in a short time, it is there once. One
 * that is given to the workers again has another id.
 */
export const publishTask = async (
  publisher: Publisher,
  task: StepTask,
  msgId: string = attemptId(task),
): Promise<void> => {
  const { queue, priority = 'normal', tenant } = task;
  announce(publisher, queue, { priority, tenant });
  await publisher.publish(taskSubject(queue, priority, tenant), JSON.stringify(task), { msgId });
};

/** An attempt at a delivery, likewise. */
export const publishDelivery = async (publisher: Publisher, task: DeliveryTask): Promise<void> => {
  const { tenant, executionId, delivery, attempt } = task;
  announce(publisher, DELIVERY_QUEUE, { priority: 'normal', tenant });
  await publisher.publish(taskSubject(DELIVERY_QUEUE, 'normal', tenant), JSON.stringify(task), {
    msgId: `${tenant}.${executionId}.delivery.${delivery}.${attempt}`,
  });
};

/** The server counts schedules in 64 bits of nanoseconds: what is due after April 2262 would fire at once, again and again. */
const SCHEDULE_LAST = '2262-01-01T00:00:00.000Z';

/**
 * One schedule per timer subject; arming again replaces it. A due time in the past fires at once. No message id: the
 * fired message would not carry it, and it would keep a lost timer from being armed again. `fireAt` is when the broker
 * fires it, where that is another time than the one it is due at on the log.
 */
export const armTimer = async (
  publisher: Publisher,
  ref: AggregateRef,
  message: TimerMessage,
  fireAt: Instant = message.dueAt,
): Promise<void> => {
  // Both are UTC with milliseconds, so they compare as text.
  const at = fireAt < SCHEDULE_LAST ? fireAt : SCHEDULE_LAST;
  await publisher.publish(timerSubject(ref, message.timer), JSON.stringify(message), {
    headers: { 'Nats-Schedule': `@at ${at}`, 'Nats-Schedule-Target': dueSubject(ref, message.timer) },
  });
};

/** Where the stream itself is gone there is nothing in it; it is made again, and the open timers armed again, by others. */
const unlessStreamIsGone = async <T>(work: Promise<T>, gone: T): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (isJsError(error, JS_ERROR.streamNotFound)) return gone;
    throw error;
  }
};

/** Takes the schedule away. A due message that is on its way already stays: the fold ignores a timer that is not pending. */
export const cancelTimer = async (nc: NatsConnection, ref: AggregateRef, timer: TimerId): Promise<void> => {
  const purge = jsApi<unknown>(nc, `STREAM.PURGE.${STREAMS.timers}`, { filter: timerSubject(ref, timer) });
  await unlessStreamIsGone(purge, undefined);
};

/** True while the schedule or its due message is in TL_TIMERS. */
export const timerIsThere = async (nc: NatsConnection, ref: AggregateRef, timer: TimerId): Promise<boolean> => {
  for (const subject of [timerSubject(ref, timer), SUBJECT_FILTERS.firedOf(ref, timer), dueSubject(ref, timer)]) {
    const record = getFromLeader(nc, STREAMS.timers, { last_by_subj: subject });
    if (await unlessStreamIsGone(record, undefined)) return true;
  }
  return false;
};

interface SubjectsAnswer {
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

/** True when TL_TASKS holds no task of the queue, delivered or not. */
export const queueIsIdle = async (nc: NatsConnection, queue: Queue): Promise<boolean> => {
  const info = jsApi<SubjectsAnswer>(nc, `STREAM.INFO.${STREAMS.tasks}`, {
    subjects_filter: SUBJECT_FILTERS.tasksOfQueue(queue),
  });
  const { state } = await unlessStreamIsGone(info, { state: {} });
  return Object.keys(state.subjects ?? {}).length === 0;
};

/** When a stream was made, RFC 3339: what was published before that is not in it. Now, where there is none. */
export const streamCreatedAt = async (nc: NatsConnection, stream: StreamName): Promise<string> => {
  const info = jsApi<{ readonly created: string }>(nc, `STREAM.INFO.${stream}`, {});
  const found = await unlessStreamIsGone(info, undefined);
  return new Date(found?.created ?? Date.now()).toISOString();
};
