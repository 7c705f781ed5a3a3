import { type Queue, workerPresenceSubject } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';

/** Workers that are there answer at once; what comes later does not count as there. */
const ANSWER_MS = 300;
const WORKERS_MAX = 100;

/** Answers whoever asks which handlers a process has for a queue. Core NATS: a process that is gone does not answer. */
export const answerPresence = (nc: NatsConnection, queue: Queue, handlers: readonly string[]): (() => void) => {
  const answer = JSON.stringify({ handlers });
  const subscription = nc.subscribe(workerPresenceSubject(queue), {
    callback: (_error, message) => void message.respond(answer),
  });
  return () => {
    if (!nc.isClosed()) subscription.unsubscribe();
  };
};

/** The handlers that workers of a queue have at this moment; undefined where no worker answers. */
export const handlersOn = async (nc: NatsConnection, queue: Queue): Promise<ReadonlySet<string> | undefined> => {
  const handlers = new Set<string>();
  let workers = 0;
  try {
    const answers = await nc.requestMany(workerPresenceSubject(queue), undefined, {
      maxWait: ANSWER_MS,
      maxMessages: WORKERS_MAX,
    });
    for await (const answer of answers) {
      workers += 1;
      for (const name of namesIn(answer.json())) handlers.add(name);
    }
  } catch {
    // Nobody listens on the subject.
  }
  return workers === 0 ? undefined : handlers;
};

const namesIn = (answer: unknown): readonly string[] =>
  typeof answer === 'object' && answer !== null && 'handlers' in answer && Array.isArray(answer.handlers)
    ? answer.handlers.filter((name) => typeof name === 'string')
    : [];
