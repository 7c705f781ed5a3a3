import fc from 'fast-check';
import { findCatcher } from './catch.ts';
import type { Retrier } from './machine.ts';
import { findRetrier, retryDelayMs } from './retry.ts';

const retrier = (over: Partial<Retrier> = {}): Retrier => ({
  errorEquals: ['States.ALL'],
  intervalMs: 1_000,
  attemptsMax: 3,
  backoffRate: 2,
  jitter: 'NONE',
  ...over,
});
const takes = (errorEquals: readonly string[], error: string): boolean =>
  findRetrier([retrier({ errorEquals })], error) !== undefined;

describe('an error', () => {
  it('goes to the first retrier that names it', () => {
    const [first, second] = [retrier({ errorEquals: ['A', 'B'] }), retrier({ errorEquals: ['B'] })];
    expect(findRetrier([first, second], 'B')).toEqual({ index: 0, retrier: first });
    expect(findRetrier([first, second], 'C')).toBeUndefined();
  });

  it('is taken by States.ALL, the data limit included, as AWS has recorded it', () => {
    expect(takes(['States.ALL'], 'Anything')).toBe(true);
    expect(takes(['States.ALL'], 'States.Timeout')).toBe(true);
    expect(takes(['States.ALL'], 'States.DataLimitExceeded')).toBe(true);
  });

  it('is taken by States.TaskFailed unless it is a timeout', () => {
    expect(takes(['States.TaskFailed'], 'Anything')).toBe(true);
    expect(takes(['States.TaskFailed'], 'States.Timeout')).toBe(false);
    expect(takes(['States.TaskFailed'], 'States.HeartbeatTimeout')).toBe(false);
  });

  it('of a lapsed heartbeat is a timeout, but not the other way round', () => {
    expect(takes(['States.Timeout'], 'States.HeartbeatTimeout')).toBe(true);
    expect(takes(['States.HeartbeatTimeout'], 'States.Timeout')).toBe(false);
  });

  it('of evaluation (States.Runtime) is never retried or caught, not even by name', () => {
    expect(takes(['States.ALL'], 'States.Runtime')).toBe(false);
    expect(takes(['States.Runtime'], 'States.Runtime')).toBe(false);
    expect(
      findCatcher([{ errorEquals: ['States.ALL'], resultPath: null, next: 'N' }], 'States.Runtime'),
    ).toBeUndefined();
  });
});

describe('the delay before a retry', () => {
  it('grows by the backoff rate up to its bound', () => {
    expect([1, 2, 3, 4].map((n) => retryDelayMs(retrier(), n, 0))).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect([1, 2, 3].map((n) => retryDelayMs(retrier({ backoffRate: 1.5 }), n, 0))).toEqual([1_000, 1_500, 2_250]);
    expect(retryDelayMs(retrier({ delayMaxMs: 3_000 }), 9, 0)).toBe(3_000);
  });

  it('with full jitter lies between nothing and what it would be without', () => {
    expect(retryDelayMs(retrier({ jitter: 'FULL' }), 3, 0)).toBe(0);
    expect(retryDelayMs(retrier({ jitter: 'FULL' }), 3, 0.5)).toBe(2_000);
    expect(retryDelayMs(retrier({ jitter: 'FULL', delayMaxMs: 1_000 }), 3, 0.5)).toBe(500);
  });

  it('is a whole number of milliseconds within a year and a day, and never shrinks', () => {
    const number = fc.integer({ min: 1, max: 99_999_999 });
    fc.assert(
      fc.property(number, fc.double({ min: 1, max: 1_000, noNaN: true }), number, (seconds, backoffRate, n) => {
        const policy = retrier({ intervalMs: seconds * 1_000, backoffRate });
        const [earlier, later] = [retryDelayMs(policy, n, 0), retryDelayMs(policy, n + 1, 0)];
        expect(Number.isInteger(later)).toBe(true);
        expect(earlier).toBeLessThanOrEqual(later);
        expect(later).toBeLessThanOrEqual(31_622_400_000);
      }),
    );
  });
});
