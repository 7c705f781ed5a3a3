import type { TaskResource } from '@throughline/asl';
import type { EffectClass, ExecutionId, Instant, RecordOrigin } from '@throughline/contracts';
import type { ExecutionState } from './execution-state.ts';
import type { Frame } from './frames.ts';

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
  /** Visits that were under way where it begins. */
  readonly standing: readonly string[];
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
  standing: [],
  isLive: false,
});

/** Null for an execution like any other, also for one that has become one. */
export const ofRecord = ({ derived }: Pick<ExecutionState, 'derived'>): Derived | null =>
  derived === null || derived.isLive ? null : derived;

/** The class of a step, where only its handler has declared it. */
export const classInRecord = (derived: Derived | null, state: string, defined: EffectClass): EffectClass =>
  derived !== null && Object.hasOwn(derived.effectClasses, state) ? (derived.effectClasses[state] ?? defined) : defined;

/** A visit of a state, for what is asked there. */
export interface AskedStep {
  readonly frame: Pick<Frame, 'id' | 'visit' | 'state'>;
  readonly resource: TaskResource['kind'];
  /** As the definition says. */
  readonly effectClass: EffectClass;
}

/** Whether the record answers the step, and nobody runs it. */
export const isAnsweredByRecord = (
  state: Pick<ExecutionState, 'derived'>,
  { frame, resource, effectClass }: AskedStep,
): boolean => {
  const derived = ofRecord(state);
  if (derived === null) return false;
  const isToEnd = derived.unanswered === 'fail';
  // An agreement is for one execution alone. One that only compares does nothing that would have to be agreed to.
  if (resource === 'approval') return isToEnd;
  if (resource === 'signal' && isToEnd) return true;
  // It was under way in the original: what comes after it is asked for, not that.
  if (derived.standing.includes(visitOf(frame))) return true;
  if (derived.only !== null && !derived.only.includes(frame.state)) return true;
  return derived.answeredBy[classInRecord(derived, frame.state, effectClass)] === 'record';
};

const visitOf = ({ id, visit, state }: Pick<Frame, 'id' | 'visit' | 'state'>): string => `${id}/${visit}/${state}`;

/** With the visits that its base left unfinished. */
export const standingAt = (derived: Derived, frames: readonly Frame[]): Derived => ({
  ...derived,
  standing: frames.filter(({ phase }) => phase.kind === 'again').map(visitOf),
});

/** Whether anything that it does can be seen outside: then what a machine asks for before counts for it too. */
export const mayActOutside = (state: Pick<ExecutionState, 'derived'>): boolean => {
  const derived = ofRecord(state);
  return derived === null || derived.answeredBy.idempotent === 'worker' || derived.answeredBy.external === 'worker';
};
