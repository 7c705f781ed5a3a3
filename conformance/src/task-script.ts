import type { Json } from '@throughline/contracts';
import { namedResource } from '@throughline/history';
import { parsedText } from './compare-values.ts';
import { statesOf } from './definition-states.ts';
import type { RecordedCase, TaskOutcome } from './recorded-case.ts';

/** What the stub does with one task. */
export type ScriptedAnswer =
  | { readonly kind: 'succeed'; readonly output: Json }
  | { readonly kind: 'fail'; readonly error: string | undefined; readonly cause: string | undefined }
  /** The recorded task never answered: a timer ends it. */
  | { readonly kind: 'silent' };

/** Gives the nth task of a state that state's nth recorded outcome. */
export interface TaskScript {
  next(state: string): ScriptedAnswer;
}

export const taskScript = (recorded: RecordedCase): TaskScript => {
  const outcomes = outcomesByState(recorded);
  const used = new Map<string, number>();
  return {
    next: (state) => {
      const n = used.get(state) ?? 0;
      used.set(state, n + 1);
      const outcome = outcomes.get(state)?.[n];
      return outcome ? answerOf(outcome) : { kind: 'silent' };
    },
  };
};

const answerOf = (outcome: TaskOutcome): ScriptedAnswer => {
  if (outcome.type.endsWith('Succeeded')) return { kind: 'succeed', output: parsedText(outcome.output) ?? null };
  if (outcome.type.endsWith('TimedOut')) return { kind: 'silent' };
  return { kind: 'fail', error: outcome.error ?? undefined, cause: causeText(outcome.cause) };
};

/** A cause that was recorded as an object goes out as compact JSON with its keys as they stand. */
const causeText = (cause: Json | undefined): string | undefined =>
  cause === undefined || cause === null ? undefined : typeof cause === 'string' ? cause : JSON.stringify(cause);

const SCHEDULED = /^(Task|LambdaFunction|Activity)Scheduled$/;
const ANSWERED = /^(Task|LambdaFunction|Activity)(Succeeded|Failed|TimedOut|StartFailed|SubmitFailed|ScheduleFailed)$/;

/**
 * The outcomes do not say whose they are: the recorded events do, in whose order they stand. A schedule belongs to the
 * Task state that was entered and has none yet, else (a retry) to the one that was answered last; an answer belongs to
 * the first open task that fits its resource.
 */
export const outcomesByState = (recorded: RecordedCase): ReadonlyMap<string, readonly TaskOutcome[]> => {
  const resources = new Map(statesOf(recorded.definition).map(({ name, body }) => [name, body.Resource]));
  const byState = new Map<string, TaskOutcome[]>();
  const left = [...recorded.taskOutcomes];
  const entered: string[] = [];
  const open: string[] = [];
  let answered: string | undefined;
  const fits = (state: string, outcome: TaskOutcome): boolean => {
    const text = resources.get(state);
    if (typeof text !== 'string' || outcome.resource === undefined) return false;
    const { resource, resourceType } = namedResource(text);
    return text === outcome.resource || (resource === outcome.resource && resourceType === outcome.resourceType);
  };
  const give = (state: string, outcome: TaskOutcome): void =>
    void byState.set(state, [...(byState.get(state) ?? []), outcome]);
  for (const { type, name } of recorded.expected.events) {
    if (type === 'TaskStateEntered' && name !== undefined) entered.push(name);
    else if (type === 'TaskStateExited' && name !== undefined) remove(entered, name);
    else if (SCHEDULED.test(type)) {
      const state = entered.shift() ?? answered;
      if (state !== undefined) open.push(state);
    } else if (ANSWERED.test(type)) {
      const outcome = left.shift();
      if (!outcome) break;
      const state = open.find((candidate) => fits(candidate, outcome)) ?? open[0];
      if (state === undefined) continue;
      remove(open, state);
      give(state, outcome);
      answered = state;
    }
  }
  // Events that the recording does not show, as those within a distributed Map: the resource alone says whose.
  for (const outcome of left) {
    const candidates = [...resources.keys()].filter((state) => fits(state, outcome));
    if (candidates[0] !== undefined && candidates.length === 1) give(candidates[0], outcome);
  }
  return byState;
};

const remove = (list: string[], item: string): void => {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
};
