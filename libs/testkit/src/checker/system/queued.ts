import {
  type AggregateRef,
  type DeadLetter,
  parseDueSubject,
  STREAMS,
  SUBJECT_FILTERS,
  type TimerId,
} from '@throughline/contracts';
import { type NatsConnection, queuedMessages } from '@throughline/event-log/jetstream';
import type { Queued } from '../still-due.ts';

/** Messages that are looked at: of a longer queue, its oldest ones. */
const MESSAGES_MAX = 20_000;

export interface QueuesSeen extends Queued {
  /** Messages that name no step or timer at all. */
  readonly strange: readonly string[];
  /** All messages were looked at. */
  readonly complete: boolean;
}

/** Tasks and timers as the streams hold them; a task that was given up on waits in TL_DEAD for people. */
export const readQueues = async (nc: NatsConnection): Promise<QueuesSeen> => {
  const [tasks, timers, dead] = await Promise.all([
    queuedMessages(nc, STREAMS.tasks, SUBJECT_FILTERS.tasks, MESSAGES_MAX),
    queuedMessages(nc, STREAMS.timers, 'tl.>', MESSAGES_MAX),
    queuedMessages(nc, STREAMS.dead, SUBJECT_FILTERS.dead, MESSAGES_MAX),
  ]);
  const strange: string[] = [];
  const taskKeys = new Set<string>();
  for (const { subject, bytes } of tasks) {
    const key = taskKeyOf(Buffer.from(bytes).toString());
    if (key === undefined) strange.push(`a message on ${subject}`);
    else taskKeys.add(key);
  }
  for (const { bytes } of dead) {
    const key = keyOfLetter(Buffer.from(bytes).toString());
    if (key !== undefined) taskKeys.add(key);
  }
  const timerKeys = new Set<string>();
  for (const { subject } of timers) {
    const timer = timerOf(subject);
    if (timer) timerKeys.add(timerKeyOf(timer.ref, timer.timer));
    else strange.push(`a message on ${subject}`);
  }
  const complete = [tasks, timers, dead].every(({ length }) => length < MESSAGES_MAX);
  return { tasks: taskKeys, timers: timerKeys, strange, complete };
};

/** A schedule's subject has the form of its due subject. */
const timerOf = (subject: string): { ref: AggregateRef; timer: TimerId } | undefined =>
  parseDueSubject(subject.replace(/^tl\.timer\./, 'tl.due.'));

const timerKeyOf = ({ tenant, aggregate, aggregateId }: AggregateRef, timer: TimerId): string =>
  `${tenant}/${aggregate}/${aggregateId}/${timer}`;

const textIn = (json: object, field: string): string | undefined => {
  const value: unknown = Object.entries(json).find(([name]) => name === field)?.[1];
  return typeof value === 'string' ? value : undefined;
};

const objectOf = (text: string): object | undefined => {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
};

/** Of a step's task by its token, of a delivery's by the delivery. */
const taskKeyOf = (text: string): string | undefined => {
  const task = objectOf(text);
  if (!task) return undefined;
  const [tenant, execution] = [textIn(task, 'tenant'), textIn(task, 'executionId')];
  const token = textIn(task, 'token') ?? textIn(task, 'delivery');
  return tenant !== undefined && execution !== undefined && token !== undefined
    ? `${tenant}/${execution}/${token}`
    : undefined;
};

const keyOfLetter = (text: string): string | undefined => {
  // Only the engine writes letters.
  const letter = objectOf(text) as Partial<DeadLetter> | undefined;
  if (letter?.stream !== STREAMS.tasks || letter.payload?.encoding !== 'utf8') return undefined;
  return taskKeyOf(letter.payload.data);
};
