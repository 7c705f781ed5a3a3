import { setTimeout as sleep } from 'node:timers/promises';

const CATCH_UP_MS = 15_000;

/** Read models follow the log within moments; asked again until they have, or the time is over. */
export const caughtUp = async <T>(read: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> => {
  const until = performance.now() + CATCH_UP_MS;
  for (;;) {
    const value = await read();
    if (isThere(value) || performance.now() > until) return value;
    await sleep(100);
  }
};
