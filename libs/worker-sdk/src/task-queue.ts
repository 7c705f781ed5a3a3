import { type Queue, stepTaskSchema } from '@throughline/contracts';
import type { Handled, TaskQueueOptions, WorkMessage } from '@throughline/event-log/jetstream';
import { z } from 'zod';
import type { HandlerSet } from './handler-set.ts';
import { AttemptAbandoned } from './execute-task.ts';
import { DELIVERIES_MAX, ReportUnanswered, type TaskProcessor } from './task-processor.ts';

/** A crashed worker's tasks come back this much later. */
const TASK_ACK_WAIT_MS = 5_000;

/** How the tasks of a queue are consumed, by our own workers and by users'. */
export const taskQueueConsumer = (queue: Queue, { handlers }: Pick<HandlerSet, 'handlers'>) =>
  ({
    queue,
    handlers: handlers.filter((handler) => handler.queue === queue).map(({ name }) => name),
    ackWaitMs: TASK_ACK_WAIT_MS,
    // Above what the processor turns into a failed step, so that TL_DEAD sees only tasks which cannot be reported on.
    maxDeliver: DELIVERIES_MAX + 5,
  }) satisfies Partial<TaskQueueOptions>;

const decoder = new TextDecoder();

/** Settles one delivery: acked only when the result was answered; unparsable tasks are dead. */
export const handleTaskMessage = async (
  message: Pick<WorkMessage, 'bytes' | 'deliveries'>,
  process: TaskProcessor,
): Promise<Handled> => {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(message.bytes));
  } catch {
    return { kind: 'dead', code: 'TL0301', reason: 'the task is not JSON' };
  }
  return handleTask(json, message.deliveries, process);
};

/** As `handleTaskMessage`, for a transport that parsed the JSON already. */
export const handleTask = async (json: unknown, deliveries: number, process: TaskProcessor): Promise<Handled> => {
  const parsed = stepTaskSchema.safeParse(json);
  if (!parsed.success) return { kind: 'dead', code: 'TL0301', reason: z.prettifyError(parsed.error) };
  try {
    await process(parsed.data, deliveries);
    return { kind: 'done' };
  } catch (thrown) {
    if (thrown instanceof AttemptAbandoned || thrown instanceof ReportUnanswered) {
      return { kind: 'unavailable', reason: thrown.message };
    }
    throw thrown;
  }
};
