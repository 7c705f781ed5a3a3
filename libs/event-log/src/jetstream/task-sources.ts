import {
  parseTaskSubject,
  type Priority,
  type Queue,
  STREAMS,
  SUBJECT_FILTERS,
  taskAnnouncementSubject,
  taskSubject,
  type Tenant,
} from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import { isJsError, JS_ERROR, jsApi } from './js-api.ts';
import type { Publisher } from './publisher.ts';

/** Whose tasks of a queue lie where: each priority and tenant has a subject, and a consumer, of its own. */
export interface TaskSource {
  readonly priority: Priority;
  readonly tenant: Tenant;
}

/** `=` stands in no subject token, so no two sources share a name. */
export const durableOf = (queue: Queue, { priority, tenant }: TaskSource): string =>
  `tasks=${queue}=${priority}=${tenant}`;

/** What consumed a whole queue, before priorities: a work queue does not take another consumer beside it. */
export const formerDurables = (queue: Queue): readonly string[] => [`tasks-${queue}`];

interface SubjectsAnswer {
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

/** The sources of a queue that hold tasks, begun or not. */
export const sourcesWithTasks = async (nc: NatsConnection, queue: Queue): Promise<readonly TaskSource[]> => {
  try {
    const { state } = await jsApi<SubjectsAnswer>(nc, `STREAM.INFO.${STREAMS.tasks}`, {
      subjects_filter: SUBJECT_FILTERS.tasksOfQueue(queue),
    });
    return Object.keys(state.subjects ?? {}).flatMap((subject) => parseTaskSubject(subject) ?? []);
  } catch (error) {
    // The orchestrator makes it again, and the tasks too.
    if (isJsError(error, JS_ERROR.streamNotFound)) return [];
    throw error;
  }
};

/** Workers look for sources once a second; within this time one announcement of a source is enough. */
const ANNOUNCED_FOR_MS = 10_000;
const ANNOUNCED_MAX = 10_000;
const announced = new WeakMap<Publisher, Map<string, number>>();

/** Tells the workers of a queue, now and then, that a source has tasks: who does not know it yet need not find out by looking. */
export const announce = (publisher: Publisher, queue: Queue, source: TaskSource): void => {
  const known = announced.get(publisher) ?? new Map<string, number>();
  announced.set(publisher, known);
  const subject = taskSubject(queue, source.priority, source.tenant);
  const now = performance.now();
  if (now - (known.get(subject) ?? -ANNOUNCED_FOR_MS) < ANNOUNCED_FOR_MS) return;
  if (known.size >= ANNOUNCED_MAX) known.clear();
  known.set(subject, now);
  publisher.tell(taskAnnouncementSubject(queue, source.priority, source.tenant));
};
