import type { Instant } from '@throughline/contracts';

/** What time a command is decided at, and when the broker has to fire a timer that is due at a time on the log. */
export interface LogClock {
  /** The recorded time of a command that the broker stored at `storedAtMs`. */
  readonly recordedAt: (storedAtMs: number) => Instant;
  /** When the broker is to fire what is due at `dueAt`; `nowMs` is the broker's time. */
  readonly fireAt: (dueAt: Instant, nowMs: number) => Instant;
}

/** The cast brands what toISOString always gives: UTC, RFC 3339, milliseconds. */
export const instantOf = (epochMs: number): Instant => new Date(epochMs).toISOString() as Instant;

/** The log keeps the broker's time. */
export const BROKER_CLOCK: LogClock = { recordedAt: instantOf, fireAt: (dueAt) => dueAt };

/**
 * A timer that guards work is never fired sooner than this, however fast the clock: real work does not become faster
 * with it. A timer may always be late, so the log stays consistent.
 */
const REAL_MS_MIN = 2_000;

/**
 * For tests of definitions that wait: from `startMs` on, the time on the log passes `speed` times as fast as the
 * broker's. Every recorded time comes from this one clock, so what is due and what is recorded agree, and a replay,
 * which knows no other time than the recorded one, decides the same.
 */
export const fastClock = (speed: number, startMs: number): LogClock => {
  const recordedMs = (brokerMs: number): number => startMs + (brokerMs - startMs) * speed;
  return {
    recordedAt: (storedAtMs) => instantOf(Math.floor(recordedMs(storedAtMs))),
    fireAt: (dueAt, nowMs) => {
      const dueMs = Date.parse(dueAt);
      const leftMs = dueMs - recordedMs(nowMs);
      // Rounded up: fired a millisecond early, it would be refused.
      return instantOf(Math.ceil(nowMs + Math.max(leftMs / speed, Math.min(leftMs, REAL_MS_MIN))));
    },
  };
};
