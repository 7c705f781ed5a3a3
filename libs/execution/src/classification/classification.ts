import type { Machine, TaskState } from '@throughline/asl';
import type { ExecutionEvent, Priority, TimeoutPolicy } from '@throughline/contracts';
import { type Asked, type Classes, classify, declaredBy } from './classify.ts';
import { DEFAULT_POLICIES } from './default-policies.ts';

/** The classes of an execution and the timeouts that it is pinned to. */
export interface Classification extends Classes {
  readonly policy: TimeoutPolicy;
}

type Classified = Extract<ExecutionEvent, { type: 'ExecutionClassified' }>;

/** Which of the nine policies a start will be pinned to; undefined where it is not classified. */
export const classesOf = (machine: Machine, asked: Asked): Classes | undefined => classify(declaredBy(machine), asked);

export const classifiedBy = (
  machine: Machine,
  asked: Asked & { readonly policy?: TimeoutPolicy },
): Classified | undefined => {
  const classes = classesOf(machine, asked);
  if (!classes) return undefined;
  const policy = asked.policy ?? DEFAULT_POLICIES[classes.slaClass][classes.actionClass];
  return { type: 'ExecutionClassified', ...classes, policy };
};

export const classificationOf = ({ type: _type, ...classification }: Classified): Classification => classification;

/** What a step of a classified execution has that another one has not. */
export interface StepRules {
  readonly priority?: Priority;
  readonly queueWaitMs?: number;
  /** Of the attempt, where its state names none; the log counts it from the end of the wait on the queue. */
  readonly timeoutMs?: number;
}

const NO_RULES: StepRules = {};

export const stepRules = (classification: Classification | null, state: TaskState): StepRules => {
  if (classification === null) return NO_RULES;
  const priority = state.extension.priority ?? classification.priority;
  const said = priority === 'normal' ? {} : { priority };
  // People, children and callers of activities take the time that they take: a step's bound is for a worker's work.
  if (state.resource.kind !== 'task') return said;
  const { queueWaitMs, stepMs } = classification.policy;
  return state.resource.awaits === 'callback' ? { ...said, queueWaitMs } : { ...said, queueWaitMs, timeoutMs: stepMs };
};
