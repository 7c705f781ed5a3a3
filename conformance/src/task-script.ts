import type { Json } from '@throughline/contracts';
import { canonicalHash } from '@throughline/execution';
import { namedResource } from '@throughline/history';
import { parsedText } from './compare-values.ts';
import { statesOf } from './definition-states.ts';
import type { RecordedCase, TaskOutcome } from './recorded-case.ts';

/** What the stub does with one task. */
export interface ScriptedTask {
  /** Whether the service took the work before the answer came: by a callback, or as the end of a job. */
  readonly submits: 'no' | 'job' | 'callback';
  readonly answer: ScriptedAnswer;
}
export type ScriptedAnswer =
  | { readonly kind: 'succeed'; readonly output: Json }
  | { readonly kind: 'fail'; readonly error: string | undefined; readonly cause: string | undefined }
  /** The recorded task never answered: a timer ends it. */
  | { readonly kind: 'silent' };

/** Gives the nth task of a state that state's nth recorded outcome. */
export interface TaskScript {
  next(state: string, resource: string): ScriptedTask;
}

const SILENT: ScriptedAnswer = { kind: 'silent' };
/** A task more than the recorded execution had: it is missed already, and need not be waited for. */
const NOT_RECORDED: ScriptedAnswer = { kind: 'fail', error: 'NotRecorded', cause: 'AWS scheduled no such task' };

const AWAITS_CALLBACK = /\.waitForTaskToken$|:activity:[^:]+$/;
const AWAITS_JOB = /\.sync(:2)?$/;

const submissionOf = (resource: string): ScriptedTask['submits'] =>
  AWAITS_CALLBACK.test(resource) ? 'callback' : AWAITS_JOB.test(resource) ? 'job' : 'no';

export const taskScript = (recorded: RecordedCase): TaskScript => {
  const tasks = tasksByState(recorded);
  const used = new Map<string, number>();
  return {
    next: (state, resource) => {
      const n = used.get(state) ?? 0;
      used.set(state, n + 1);
      const { outcomes, submitted } = tasks.get(state) ?? { outcomes: [], submitted: [] };
      const outcome = outcomes[n];
      return {
        submits: submitted[n] === false ? 'no' : submissionOf(resource),
        answer: outcome ? answerOf(outcome) : submitted.length > 0 && n >= submitted.length ? NOT_RECORDED : SILENT,
      };
    },
  };
};

const answerOf = (outcome: TaskOutcome): ScriptedAnswer => {
  if (outcome.type.endsWith('Succeeded')) return { kind: 'succeed', output: parsedText(outcome.output) ?? null };
  if (outcome.type.endsWith('TimedOut')) return SILENT;
  return { kind: 'fail', error: outcome.error ?? undefined, cause: causeText(outcome.cause) };
};

/** A cause that was recorded as an object goes out as compact JSON with its keys as they stand. */
const causeText = (cause: Json | undefined): string | undefined =>
  cause === undefined || cause === null ? undefined : typeof cause === 'string' ? cause : JSON.stringify(cause);

const SCHEDULED = /^(Task|LambdaFunction|Activity)Scheduled$/;
const SUBMITTED = /^(TaskSubmitted|ActivityStarted)$/;
const ANSWERED = /^(Task|LambdaFunction|Activity)(Succeeded|Failed|TimedOut|StartFailed|SubmitFailed|ScheduleFailed)$/;

/** What was recorded of a state's tasks. */
export interface RecordedTasks {
  /** In the order answered. */
  readonly outcomes: TaskOutcome[];
  /** By task in the order scheduled: whether its submission was recorded. */
  readonly submitted: boolean[];
}

/** A task between its schedule and its answer: the nth of its state. */
interface OpenTask {
  readonly state: string;
  readonly n: number;
}

/**
 * The outcomes do not say whose they are: the recorded events do, in whose order they stand. A schedule belongs to the
 * Task state that was entered and has none yet, else (a retry) to the one that was answered last; an answer belongs to
 * the first open task that fits its resource, before all to one whose state left with it.
 */
export const tasksByState = (recorded: RecordedCase): ReadonlyMap<string, RecordedTasks> => {
  const resources = new Map(statesOf(recorded.definition).map(({ name, body }) => [name, body.Resource]));
  const byState = new Map([...resources.keys()].map((name): [string, RecordedTasks] => [name, none()]));
  const left = [...recorded.taskOutcomes];
  const entered: string[] = [];
  let open: OpenTask[] = [];
  let answered: string | undefined;
  const fits = (state: string, outcome: TaskOutcome): boolean => {
    const text = resources.get(state);
    if (typeof text !== 'string' || outcome.resource === undefined) return false;
    const { resource, resourceType } = namedResource(text);
    return text === outcome.resource || (resource === outcome.resource && resourceType === outcome.resourceType);
  };
  const exits = recorded.expected.events.filter(({ type }) => type === 'TaskStateExited');
  /** The same service may have been asked by several branches: what a state left tells whose answer it had. */
  const leaves = (state: string, { output }: TaskOutcome): boolean =>
    output !== undefined &&
    exits.some((exit) => exit.name === state && holds(parsedText(exit.output), parsedText(output)));
  for (const { type, name } of recorded.expected.events) {
    if (type === 'TaskStateEntered' && name !== undefined) entered.push(name);
    else if (type === 'TaskStateExited' && name !== undefined) remove(entered, name);
    else if (SCHEDULED.test(type)) {
      const state = entered.shift() ?? answered;
      const submitted = state === undefined ? undefined : byState.get(state)?.submitted;
      if (state !== undefined && submitted) open.push({ state, n: submitted.push(false) - 1 });
    } else if (SUBMITTED.test(type)) {
      const task = open.find(({ state, n }) => byState.get(state)?.submitted[n] === false);
      const submitted = task && byState.get(task.state)?.submitted;
      if (submitted) submitted[task.n] = true;
    } else if (ANSWERED.test(type)) {
      const outcome = left.shift();
      if (!outcome) break;
      const fitting = open.filter(({ state }) => fits(state, outcome));
      const task = fitting.find(({ state }) => leaves(state, outcome)) ?? fitting[0] ?? open[0];
      if (!task) continue;
      open = open.filter((other) => other !== task);
      byState.get(task.state)?.outcomes.push(outcome);
      answered = task.state;
    }
  }
  // Events that the recording does not show, as those within a distributed Map: the resource alone says whose.
  for (const outcome of left) {
    const candidates = [...resources.keys()].filter((state) => fits(state, outcome));
    if (candidates[0] !== undefined && candidates.length === 1) byState.get(candidates[0])?.outcomes.push(outcome);
  }
  return byState;
};

const HELD_DEPTH_MAX = 50;

/** Whether a value is another one, or has it somewhere within. */
const holds = (value: Json | undefined, part: Json | undefined, depth = 0): boolean => {
  if (value === undefined || part === undefined || depth > HELD_DEPTH_MAX) return false;
  if (canonicalHash(value) === canonicalHash(part)) return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((inner: Json) => holds(inner, part, depth + 1))
  );
};

const none = (): RecordedTasks => ({ outcomes: [], submitted: [] });

const remove = (list: string[], item: string): void => {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
};
