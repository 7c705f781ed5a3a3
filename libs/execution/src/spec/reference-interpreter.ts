import type { Json, JsonObject } from '@throughline/contracts';

/**
 * A second, naive reading of the language, to hold the decider to: it walks the definition as written with generators,
 * one per branch, and shares nothing with the engine but the form of its input. It knows the fields that
 * `random-machines.ts` writes, and no others.
 */

export type Outcome = { readonly output: Json } | { readonly error: string };
/** What a task answers: by state, by the number in its input, by attempt. */
export type Tasks = (state: string, input: JsonObject, attempt: number) => Outcome;

export interface Told {
  /** States in the order entered, over all branches. */
  readonly entered: readonly string[];
  readonly end: { readonly output: Json } | { readonly error: string };
}

class Raised extends Error {
  constructor(readonly error: string) {
    super(error);
  }
}

type Operation =
  | { readonly kind: 'task'; readonly state: string; readonly input: JsonObject; readonly attempt: number }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'all'; readonly children: readonly Walk[]; readonly atOnce: number };
type Walk = Generator<Operation, Json, Json>;

interface Node {
  readonly walk: Walk;
  readonly parent?: { readonly node: Node; readonly index: number };
  /** While it runs children. */
  all?: { readonly op: Extract<Operation, { kind: 'all' }>; opened: number; running: number; readonly outputs: Json[] };
  dead: boolean;
  children: Node[];
}

/** Runs a definition to its end: the oldest open task answers first, and time passes only while none is open. */
export const interpret = (definition: JsonObject, input: JsonObject, tasks: Tasks): Told => {
  const entered: string[] = [];
  const open: { node: Node; op: Extract<Operation, { kind: 'task' }> }[] = [];
  const timers: { node: Node; due: number; n: number }[] = [];
  let now = 0;
  let armed = 0;
  let end: Told['end'] | undefined;

  const resume = (node: Node, step: () => IteratorResult<Operation, Json>): void => {
    let result: IteratorResult<Operation, Json>;
    try {
      result = step();
    } catch (error) {
      if (!(error instanceof Raised)) throw error;
      return failed(node, error);
    }
    if (result.done) return finished(node, result.value);
    const op = result.value;
    if (op.kind === 'task') open.push({ node, op });
    else if (op.kind === 'sleep') timers.push({ node, due: now + op.ms, n: (armed += 1) });
    else {
      node.all = { op, opened: 0, running: 0, outputs: [] };
      openChildren(node);
    }
  };
  const openChildren = (node: Node): void => {
    const { all } = node;
    while (all && node.all === all && all.opened < all.op.children.length) {
      if (all.op.atOnce > 0 && all.running >= all.op.atOnce) return;
      const index = all.opened;
      const walk = all.op.children[index];
      if (!walk) return;
      all.opened += 1;
      all.running += 1;
      const child: Node = { walk, parent: { node, index }, dead: false, children: [] };
      node.children.push(child);
      resume(child, () => walk.next(null));
    }
    if (all && node.all === all && all.running === 0) {
      delete node.all;
      resume(node, () => node.walk.next(all.outputs));
    }
  };
  const finished = (node: Node, output: Json): void => {
    if (!node.parent) {
      end = { output };
      return;
    }
    const { node: parent, index } = node.parent;
    if (!parent.all) return;
    parent.all.outputs[index] = output;
    parent.all.running -= 1;
    if (parent.all.opened === parent.all.op.children.length || parent.all.op.atOnce > 0) openChildren(parent);
  };
  const failed = (node: Node, raised: Raised): void => {
    if (!node.parent) {
      end = { error: raised.error };
      return;
    }
    const parent = node.parent.node;
    delete parent.all;
    kill(parent);
    resume(parent, () => parent.walk.throw(raised));
  };
  const kill = (node: Node): void => {
    for (const child of node.children) {
      child.dead = true;
      kill(child);
    }
    node.children = [];
  };

  const root: Node = { walk: walkFlow(definition, input, entered), dead: false, children: [] };
  resume(root, () => root.walk.next(null));
  while (!end) {
    const task = open.shift();
    if (task) {
      if (task.node.dead) continue;
      const outcome = tasks(task.op.state, task.op.input, task.op.attempt);
      if ('error' in outcome) resume(task.node, () => task.node.walk.throw(new Raised(outcome.error)));
      else resume(task.node, () => task.node.walk.next(outcome.output));
      continue;
    }
    timers.sort((a, b) => a.due - b.due || a.n - b.n);
    const timer = timers.shift();
    if (!timer) throw new Error('nothing is left to happen');
    if (timer.node.dead) continue;
    now = timer.due;
    resume(timer.node, () => timer.node.walk.next(null));
  }
  return { entered, end };
};

// The casts below name what the generator of machines has written there.
function* walkFlow(flow: JsonObject, input: JsonObject, entered: string[]): Walk {
  let name = flow['StartAt'] as string;
  let data = input;
  for (;;) {
    const state = (flow['States'] as JsonObject)[name] as JsonObject;
    entered.push(name);
    const left: { data: JsonObject; next?: string } = yield* walkState(name, state, data, entered);
    data = left.data;
    if (left.next === undefined) return data;
    name = left.next;
  }
}

const placed = (state: JsonObject, data: JsonObject, result: Json): JsonObject => {
  const field = state['ResultPath'] as string | undefined;
  return field === undefined ? (result as JsonObject) : { ...data, [field.slice(2)]: result };
};
const onwards = (state: JsonObject): { next?: string } =>
  state['Next'] === undefined ? {} : { next: state['Next'] as string };

function* walkState(
  name: string,
  state: JsonObject,
  data: JsonObject,
  entered: string[],
): Generator<Operation, { data: JsonObject; next?: string }, Json> {
  switch (state['Type']) {
    case 'Pass':
      return { data: placed(state, data, state['Result'] ?? data), ...onwards(state) };
    case 'Succeed':
      return { data };
    case 'Fail':
      throw new Raised(state['Error'] as string);
    case 'Wait':
      yield { kind: 'sleep', ms: (state['Seconds'] as number) * 1_000 };
      return { data, ...onwards(state) };
    case 'Choice': {
      const rules = state['Choices'] as readonly JsonObject[];
      const taken = rules.find((rule) => (data['n'] as number) > (rule['NumericGreaterThan'] as number));
      return { data, next: (taken ? taken['Next'] : state['Default']) as string };
    }
    default:
      return yield* walkRetryable(name, state, data, entered);
  }
}

function* walkRetryable(
  name: string,
  state: JsonObject,
  data: JsonObject,
  entered: string[],
): Generator<Operation, { data: JsonObject; next?: string }, Json> {
  const spent = new Map<JsonObject, number>();
  const names = (list: Json | undefined) => list as readonly string[];
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result: Json = yield operationOf(name, state, data, attempt, entered);
      return { data: placed(state, data, result), ...onwards(state) };
    } catch (raised) {
      if (!(raised instanceof Raised)) throw raised;
      const matches = (rule: JsonObject) =>
        names(rule['ErrorEquals']).some((error) => error === raised.error || error === 'States.ALL');
      const retrier = ((state['Retry'] ?? []) as readonly JsonObject[]).find(matches);
      const used = retrier ? (spent.get(retrier) ?? 0) : 0;
      if (retrier && used < (retrier['MaxAttempts'] as number)) {
        spent.set(retrier, used + 1);
        const interval = retrier['IntervalSeconds'] as number;
        yield { kind: 'sleep', ms: interval * 1_000 * (retrier['BackoffRate'] as number) ** used };
        continue;
      }
      const catcher = ((state['Catch'] ?? []) as readonly JsonObject[]).find(matches);
      if (!catcher) throw raised;
      return { data: placed(catcher, data, raised.error), next: catcher['Next'] as string };
    }
  }
}

const operationOf = (
  name: string,
  state: JsonObject,
  data: JsonObject,
  attempt: number,
  entered: string[],
): Operation => {
  if (state['Type'] === 'Task') return { kind: 'task', state: name, input: data, attempt };
  if (state['Type'] === 'Parallel') {
    const branches = state['Branches'] as readonly JsonObject[];
    return { kind: 'all', children: branches.map((branch) => walkFlow(branch, data, entered)), atOnce: 0 };
  }
  const items = data['items'] as readonly Json[];
  const processor = state['ItemProcessor'] as JsonObject;
  return {
    kind: 'all',
    children: items.map((item) => walkFlow(processor, { n: item, items: [1, 2] }, entered)),
    atOnce: state['MaxConcurrency'] as number,
  };
};
