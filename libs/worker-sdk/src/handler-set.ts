import type { Queue } from '@throughline/contracts';
import type { Handler } from './handler.ts';

/** The handlers of one worker process, found by queue and name. */
export interface HandlerSet {
  readonly handlers: readonly Handler[];
  readonly queues: readonly Queue[];
  find(queue: string, name: string): Handler | undefined;
}

/** Throws where two handlers share queue and name: one of them would never run. */
export const handlerSet = (handlers: readonly Handler[]): HandlerSet => {
  const byKey = new Map<string, Handler>();
  for (const handler of handlers) {
    const key = `${handler.queue}:${handler.name}`;
    if (byKey.has(key)) throw new Error(`two handlers are named tl:task:${key}`);
    byKey.set(key, handler);
  }
  return {
    handlers: [...handlers],
    queues: [...new Set(handlers.map((handler) => handler.queue))],
    find: (queue, name) => byKey.get(`${queue}:${name}`),
  };
};
