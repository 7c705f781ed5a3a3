import type { EffectClass, ExecutionId, Instant, RecordOrigin } from '@throughline/contracts';
import type { ExecutionState } from './execution-state.ts';

/** What an execution that is made of another one's record remembers of it. */
export interface Derived {
  readonly origin: ExecutionId;
  readonly at: number;
  readonly name: string;
  readonly startedAt: Instant;
  readonly answeredBy: RecordOrigin['answeredBy'];
  readonly only: readonly string[] | null;
  readonly effectClasses: Readonly<Record<string, EffectClass>>;
  readonly unanswered: RecordOrigin['unanswered'];
  /** The record had no answer, and workers run the steps from then on. */
  readonly isLive: boolean;
}

export const derivedOf = ({ executionId, at, name, startedAt, ...origin }: RecordOrigin): Derived => ({
  origin: executionId,
  at,
  name,
  startedAt,
  answeredBy: origin.answeredBy,
  only: origin.only ?? null,
  effectClasses: origin.effectClasses ?? {},
  unanswered: origin.unanswered,
  isLive: false,
});

/** Null for an execution like any other, also for one that has become one. */
export const ofRecord = ({ derived }: Pick<ExecutionState, 'derived'>): Derived | null =>
  derived === null || derived.isLive ? null : derived;

/** The class of a step, where only its handler has declared it. */
export const classInRecord = (derived: Derived | null, state: string, defined: EffectClass): EffectClass =>
  derived !== null && Object.hasOwn(derived.effectClasses, state) ? (derived.effectClasses[state] ?? defined) : defined;

/** Whether the record answers the step, and nobody runs it. */
export const isAnsweredByRecord = (
  state: Pick<ExecutionState, 'derived'>,
  stateName: string,
  defined: EffectClass,
): boolean => {
  const derived = ofRecord(state);
  if (derived === null) return false;
  if (derived.only !== null && !derived.only.includes(stateName)) return true;
  return derived.answeredBy[classInRecord(derived, stateName, defined)] === 'record';
};

/** Whether anything that it does can be seen outside: then what a machine asks for before counts for it too. */
export const mayActOutside = (state: Pick<ExecutionState, 'derived'>): boolean => {
  const derived = ofRecord(state);
  return derived === null || derived.answeredBy.idempotent === 'worker' || derived.answeredBy.external === 'worker';
};
