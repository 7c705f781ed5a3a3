import type { ActionClass, SlaClass, TimeoutPolicy } from '@throughline/contracts';

const S = 1_000;
const MIN = 60 * S;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

const policy = (
  executionMs: number,
  stepMs: number,
  queueWaitMs: number,
  approvalMs: number,
  cancelGraceMs: number,
  answerWaitMs: number,
): TimeoutPolicy => ({ executionMs, stepMs, queueWaitMs, approvalMs, cancelGraceMs, answerWaitMs });

/**
 * What applies where a tenant has set nothing. Deciding looks these up, so they belong to the rules version: another
 * default is a new version of the rules, or logs would no longer decide to what they say.
 */
export const DEFAULT_POLICIES: Readonly<Record<SlaClass, Readonly<Record<ActionClass, TimeoutPolicy>>>> = Object.freeze(
  {
    interactive: {
      read: policy(15 * MIN, 10 * S, 10 * S, 10 * MIN, 2 * S, 10 * S),
      change: policy(2 * HOUR, 30 * S, 30 * S, HOUR, 10 * S, 25 * S),
      destructive: policy(8 * HOUR, MIN, MIN, 4 * HOUR, 30 * S, 25 * S),
    },
    standard: {
      read: policy(DAY, 5 * MIN, 10 * MIN, 12 * HOUR, 10 * S, 30 * S),
      change: policy(4 * DAY, 15 * MIN, HOUR, 3 * DAY, 30 * S, 30 * S),
      destructive: policy(4 * DAY, 30 * MIN, HOUR, 3 * DAY, MIN, 30 * S),
    },
    batch: {
      read: policy(2 * DAY, HOUR, 12 * HOUR, DAY, 30 * S, 30 * S),
      change: policy(14 * DAY, 4 * HOUR, DAY, 7 * DAY, MIN, 30 * S),
      destructive: policy(14 * DAY, 4 * HOUR, DAY, 7 * DAY, 2 * MIN, 30 * S),
    },
  },
);
