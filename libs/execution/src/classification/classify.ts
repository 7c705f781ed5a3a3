import type { Flow, Machine, TaskState } from '@throughline/asl';
import {
  ACTION_CLASSES,
  type ActionClass,
  type Mode,
  type Priority,
  type SlaClass,
  type StartExecution,
} from '@throughline/contracts';

/** How soon, how grave, how urgent; and whether the answer comes in the same request. */
export interface Classes {
  readonly slaClass: SlaClass;
  readonly actionClass: ActionClass;
  readonly mode: Mode;
  readonly priority: Priority;
}

export type Asked = Pick<StartExecution, 'sla' | 'mode' | 'priority'>;

/** What machine and states say themselves, gathered once. */
export interface Declared {
  readonly sla?: SlaClass;
  readonly mode?: Mode;
  readonly priority?: Priority;
  /** The gravest of the machine's own and of every state's, at any depth. */
  readonly actionClass?: ActionClass;
  /** Whether any of the keys stands anywhere. */
  readonly any: boolean;
}

/** What nobody has told the engine it takes for a change: reads are declared, and so is what destroys. */
const ACTION_CLASS_UNSAID: ActionClass = 'change';
const PRIORITY_OF: Readonly<Record<SlaClass, Priority>> = { interactive: 'high', standard: 'normal', batch: 'low' };

/** The classes of one execution; undefined where neither its machine nor its start says anything, and then none apply. */
export const classify = (declared: Declared, asked: Asked): Classes | undefined => {
  const { sla, mode, priority } = asked;
  if (!declared.any && sla === undefined && mode === undefined && priority === undefined) return undefined;
  const actionClass = declared.actionClass ?? ACTION_CLASS_UNSAID;
  const asksAtOnce = (mode ?? declared.mode) === 'immediate';
  const slaClass = sla ?? declared.sla ?? (asksAtOnce ? 'interactive' : 'standard');
  return {
    slaClass,
    actionClass,
    mode: mode ?? declared.mode ?? (slaClass === 'interactive' && actionClass === 'read' ? 'immediate' : 'background'),
    priority: priority ?? declared.priority ?? PRIORITY_OF[slaClass],
  };
};

export const gravest = (classes: readonly (ActionClass | undefined)[]): ActionClass | undefined =>
  ACTION_CLASSES.findLast((actionClass) => classes.includes(actionClass));

/** By machine: it is parsed once, never changes, and starts many executions. */
const known = new WeakMap<Machine, Declared>();

export const declaredBy = (machine: Machine): Declared => {
  const before = known.get(machine);
  if (before) return before;
  const { sla, mode, priority, actionClass } = machine.extension ?? {};
  const said = tasksOf(machine).map(({ extension }) => extension);
  const ofAll = gravest([actionClass, ...said.map((task) => task.actionClass)]);
  const any =
    sla !== undefined ||
    mode !== undefined ||
    priority !== undefined ||
    ofAll !== undefined ||
    said.some((task) => task.priority !== undefined);
  const declared = {
    ...(sla && { sla }),
    ...(mode && { mode }),
    ...(priority && { priority }),
    ...(ofAll && { actionClass: ofAll }),
    any,
  };
  known.set(machine, declared);
  return declared;
};

/** The Task states of a machine, at every depth. */
export const tasksOf = (flow: Flow): readonly TaskState[] =>
  Object.values(flow.states).flatMap((state): readonly TaskState[] => {
    switch (state.type) {
      case 'Task':
        return [state];
      case 'Parallel':
        return state.branches.flatMap(tasksOf);
      case 'Map':
        return tasksOf(state.processor);
      default:
        return [];
    }
  });
