import type { RepeatOptions } from './transport.ts';
import { ThroughlineError } from './throughline-error.ts';

export interface RepeatLimits {
  readonly attemptsMax: number;
  readonly delayMs: number;
  readonly delayMaxMs: number;
}

export const repeatLimitsOf = (options: RepeatOptions = {}): RepeatLimits => ({
  attemptsMax: options.attemptsMax ?? 10,
  delayMs: options.delayMs ?? 200,
  delayMaxMs: options.delayMaxMs ?? 5_000,
});

/** Faults after which the same request may still succeed; a refusal would only be refused again. */
export const isPassing = (error: unknown): error is ThroughlineError =>
  error instanceof ThroughlineError && (error.status === 0 || [429, 502, 503, 504].includes(error.status));

/** Full jitter, so that many callers cut off together do not come back together. */
export const delayBefore = (attempt: number, limits: RepeatLimits, error?: ThroughlineError): number =>
  error?.retryAfterMs ?? Math.random() * Math.min(limits.delayMaxMs, limits.delayMs * 2 ** attempt);

export const sleep = (delayMs: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });

/** Only for requests that carry their own id or change nothing. */
export const repeating = async <T>(
  limits: RepeatLimits,
  signal: AbortSignal | undefined,
  request: () => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request();
    } catch (error) {
      if (!isPassing(error) || attempt >= limits.attemptsMax) throw error;
      await sleep(delayBefore(attempt, limits, error), signal);
    }
  }
};
