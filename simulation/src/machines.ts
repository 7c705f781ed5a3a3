import type { Json, JsonObject } from '@throughline/contracts';
import type { Chance } from './chance.ts';

/** Definitions at random, of everything that executions wait for. States lead only forwards, so that all of them end. */

const DEPTH_MAX = 2;
const ERRORS = ['Busy', 'Hard'] as const;
const ASSETS = ['pump', 'valve'] as const;
/** Children are of these, which start none themselves. */
export const CHILD_NAME = 'child';

type Kind =
  | 'Task'
  | 'Callback'
  | 'Child'
  | 'Locked'
  | 'Approval'
  | 'Signal'
  | 'Pass'
  | 'Wait'
  | 'Choice'
  | 'Fail'
  | 'Succeed'
  | 'Parallel'
  | 'Map';
const KINDS: readonly [Kind, ...Kind[]] = [
  'Task',
  'Task',
  'Task',
  'Task',
  'Callback',
  'Child',
  'Locked',
  'Locked',
  'Approval',
  'Signal',
  'Pass',
  'Wait',
  'Choice',
  'Fail',
  'Succeed',
  'Parallel',
  'Map',
];

const FAVOURITES: readonly [Kind, ...Kind[]] = ['Locked', 'Locked', 'Child', 'Callback', 'Approval', 'Wait', 'Map'];

class Author {
  private named = 0;
  private readonly chance: Chance;
  private readonly isChild: boolean;
  /** Some machines are mostly of one kind: what happens seldom happens often then, and beside itself. */
  private readonly favourite: Kind | undefined;

  constructor(chance: Chance, isChild: boolean) {
    this.chance = chance;
    this.isChild = isChild;
    this.favourite = chance.oneIn(3) ? chance.pick(FAVOURITES) : undefined;
  }

  flow(depth: number): JsonObject {
    const count = this.chance.between(1, depth === 0 ? 4 : 2);
    const names = Array.from({ length: count }, () => `S${(this.named += 1)}`);
    const states: Record<string, JsonObject> = {};
    names.forEach((name, at) => (states[name] = this.state(names.slice(at + 1), depth)));
    names.forEach((name, at) => {
      const before = names[at - 1];
      // A state that nothing leads to would be refused: the one before it then leads there.
      if (before !== undefined) states[before] = leadingTo(name, states[before] ?? {});
    });
    return { StartAt: names[0] ?? '', States: states };
  }

  private state(later: readonly string[], depth: number): JsonObject {
    const onwards: JsonObject = later[0] === undefined ? { End: true } : { Next: later[0] };
    const { chance, favourite } = this;
    const kind = favourite !== undefined && chance.oneIn(2) ? favourite : chance.pick(KINDS);
    switch (kind) {
      case 'Task':
        return { ...this.task(), ...this.handling(later), ...onwards };
      case 'Callback': {
        const asked = { Parameters: { 'token.$': '$$.Task.Token' }, HeartbeatSeconds: 120 };
        const resource = 'tl:task:default:ask.waitForTaskToken';
        return { Type: 'Task', Resource: resource, ...asked, ResultPath: '$.n', ...this.handling(later), ...onwards };
      }
      case 'Child':
        return this.isChild ? { Type: 'Pass', ...onwards } : { ...this.child(), ...this.handling(later), ...onwards };
      case 'Locked': {
        const assets = this.chance.oneIn(3) ? [...ASSETS] : [this.chance.pick(ASSETS)];
        const patience: JsonObject = this.chance.oneIn(2) ? { WaitSeconds: this.chance.between(5, 600) } : {};
        const mutex = { Throughline: { Mutex: { Assets: assets, ...patience } } };
        return { ...this.task(), ...mutex, ...this.handling(later), ...onwards };
      }
      case 'Approval': {
        const rule = { Required: this.chance.between(1, 2), ...(this.chance.oneIn(3) ? { ExpiresSeconds: 20 } : {}) };
        const asked = { Type: 'Task', Resource: 'tl:approval', Throughline: { Approval: rule }, ResultPath: '$.ok' };
        return { ...asked, ...this.handling(later), ...onwards };
      }
      case 'Signal':
        return { Type: 'Task', Resource: 'tl:signal:go', ResultPath: '$.n', TimeoutSeconds: 60, ...onwards };
      case 'Wait':
        return { Type: 'Wait', Seconds: this.chance.between(1, 20), ...onwards };
      case 'Fail':
        return { Type: 'Fail', Error: this.chance.pick(ERRORS) };
      case 'Succeed':
        return { Type: 'Succeed' };
      case 'Choice': {
        const [next] = later;
        if (next === undefined) return { Type: 'Succeed' };
        const rule: Json = { Variable: '$.n', NumericGreaterThan: 4, Next: this.chance.oneOf(later) ?? next };
        return { Type: 'Choice', Choices: [rule], Default: next };
      }
      case 'Parallel':
      case 'Map':
        if (depth < DEPTH_MAX) return { ...this.fanOut(kind, depth), ...this.handling(later), ...onwards };
        return { Type: 'Pass', ...onwards };
      case 'Pass':
        return { Type: 'Pass', Result: this.chance.below(10), ResultPath: '$.n', ...onwards };
    }
  }

  private task(): JsonObject {
    return {
      Type: 'Task',
      Resource: 'tl:task:default:work',
      ResultPath: '$.n',
      ...(this.chance.oneIn(3) ? { HeartbeatSeconds: 6, TimeoutSeconds: 60 } : {}),
      ...(this.chance.oneIn(4) ? { TimeoutSeconds: 10 } : {}),
    };
  }

  private child(): JsonObject {
    const way = this.chance.pick(['', '.sync', '.sync:2'] as const);
    // Nobody has registered the other one: its start is refused.
    const workflow = this.chance.oneIn(6) ? 'nobodys' : CHILD_NAME;
    const parameters: JsonObject = { StateMachineArn: workflow, Input: { n: this.chance.below(10), items: [1, 2] } };
    return {
      Type: 'Task',
      Resource: `arn:aws:states:::states:startExecution${way}`,
      Parameters: parameters,
      ResultPath: '$.child',
    };
  }

  private fanOut(kind: 'Parallel' | 'Map', depth: number): JsonObject {
    if (kind === 'Parallel') {
      const branches = Array.from({ length: this.chance.between(1, 3) }, () => this.flow(depth + 1));
      return { Type: kind, Branches: branches, ResultPath: '$.p' };
    }
    return {
      Type: kind,
      ItemsPath: '$.items',
      ItemSelector: { 'n.$': '$$.Map.Item.Value', items: [1, 2] },
      ItemProcessor: this.flow(depth + 1),
      MaxConcurrency: this.chance.below(3),
      ResultPath: '$.m',
      ...(this.chance.oneIn(3) ? { ToleratedFailureCount: 1 } : {}),
    };
  }

  private handling(later: readonly string[]): JsonObject {
    const retrier = {
      ErrorEquals: [this.chance.oneIn(2) ? 'States.ALL' : this.chance.pick(ERRORS)],
      IntervalSeconds: this.chance.between(1, 4),
      MaxAttempts: this.chance.between(1, 3),
      BackoffRate: 2,
    };
    const catcher = { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: later[0] ?? '' };
    return {
      ...(this.chance.oneIn(2) ? { Retry: [retrier] } : {}),
      ...(this.chance.oneIn(3) && later.length > 0 ? { Catch: [catcher] } : {}),
    };
  }
}

const leadingTo = (name: string, state: JsonObject): JsonObject => {
  if (state['Type'] === 'Fail' || state['Type'] === 'Succeed') return { Type: 'Pass', Next: name };
  if (state['Type'] === 'Choice') return { ...state, Default: name };
  const { End: _end, ...rest } = state;
  return { ...rest, Next: name };
};

export const machineAtRandom = (chance: Chance, isChild = false): JsonObject => ({
  ...new Author(chance, isChild).flow(0),
  ...(chance.oneIn(8) ? { TimeoutSeconds: chance.between(20, 120) } : {}),
});
