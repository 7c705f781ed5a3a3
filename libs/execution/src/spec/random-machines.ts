import type { Json, JsonObject } from '@throughline/contracts';
import type { Outcome } from './reference-interpreter.ts';

/** Machines at random that always end: states lead only forwards. Data is always `{ n, items, … }`. */

const DEPTH_MAX = 2;
const ERRORS = ['Busy', 'Hard'];

/** A number in [0, bound) from a list of choices that fast-check can shrink. */
class Choices {
  private at = 0;
  constructor(private readonly list: readonly number[]) {}
  pick(bound: number): number {
    return (this.list[this.at++ % this.list.length] ?? 0) % bound;
  }
}

class Author {
  private named = 0;
  constructor(private readonly choices: Choices) {}

  flow(depth: number): JsonObject {
    const names = Array.from({ length: 1 + this.choices.pick(4) }, () => `S${(this.named += 1)}`);
    const states = Object.fromEntries(names.map((name, i) => [name, this.state(names.slice(i + 1), depth)]));
    return { StartAt: names[0] ?? '', States: this.reachable(names, states) };
  }

  /** A state that nothing leads to would be refused: the one before it then leads there. */
  private reachable(names: readonly string[], states: Record<string, JsonObject>): JsonObject {
    for (const [i, name] of names.entries()) {
      const earlier = names.slice(0, i).flatMap((other) => targetsOf(states[other] ?? {}));
      const before = names[i - 1];
      if (before !== undefined && !earlier.includes(name)) states[before] = leadingTo(name, states[before] ?? {});
    }
    return states;
  }

  private state(later: readonly string[], depth: number): JsonObject {
    const kinds = ['Pass', 'Task', 'Task', 'Wait', 'Choice', 'Fail', 'Succeed', 'Parallel', 'Map'];
    const kind = kinds[this.choices.pick(kinds.length)] ?? 'Pass';
    const onwards: JsonObject = later.length > 0 ? { Next: this.target(later) } : { End: true };
    switch (kind) {
      case 'Task':
        return { Type: kind, Resource: 'tl:task:default:work', ResultPath: '$.n', ...this.handling(later), ...onwards };
      case 'Wait':
        return { Type: kind, Seconds: 1 + this.choices.pick(5), ...onwards };
      case 'Fail':
        return { Type: kind, Error: ERRORS[this.choices.pick(2)] ?? 'Hard' };
      case 'Succeed':
        return { Type: kind };
      case 'Choice':
        return later.length > 0 ? this.choice(later) : { Type: 'Succeed' };
      case 'Parallel':
        if (depth === DEPTH_MAX) break;
        return {
          Type: kind,
          Branches: Array.from({ length: 1 + this.choices.pick(3) }, () => this.flow(depth + 1)),
          ResultPath: '$.p',
          ...this.handling(later),
          ...onwards,
        };
      case 'Map':
        if (depth === DEPTH_MAX) break;
        return {
          Type: kind,
          ItemsPath: '$.items',
          ItemSelector: { 'n.$': '$$.Map.Item.Value', items: [1, 2] },
          ItemProcessor: this.flow(depth + 1),
          MaxConcurrency: this.choices.pick(3),
          ResultPath: '$.m',
          ...this.handling(later),
          ...onwards,
        };
      default:
    }
    return { Type: 'Pass', Result: this.choices.pick(10), ResultPath: '$.n', ...onwards };
  }

  private choice(later: readonly string[]): JsonObject {
    const rule = (): Json => ({
      Variable: '$.n',
      NumericGreaterThan: this.choices.pick(10),
      Next: this.target(later),
    });
    return { Type: 'Choice', Choices: [rule(), rule()], Default: this.target(later) };
  }

  private handling(later: readonly string[]): JsonObject {
    const errors = () => [ERRORS[this.choices.pick(2)] ?? 'Hard'];
    const retry: Json = [
      {
        ErrorEquals: errors(),
        IntervalSeconds: 1 + this.choices.pick(3),
        MaxAttempts: 1 + this.choices.pick(2),
        BackoffRate: 2,
      },
    ];
    const caught: Json = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: later[0] ?? '' }];
    return {
      ...(this.choices.pick(3) === 0 ? { Retry: retry } : {}),
      ...(this.choices.pick(3) === 0 && later.length > 0 ? { Catch: caught } : {}),
    };
  }

  private target(later: readonly string[]): string {
    return later[this.choices.pick(later.length)] ?? '';
  }
}

const leadingTo = (name: string, state: JsonObject): JsonObject => {
  if (state['Type'] === 'Fail' || state['Type'] === 'Succeed') return { Type: 'Pass', Next: name };
  if (state['Type'] === 'Choice') return { ...state, Default: name };
  const { End: _end, ...rest } = state;
  return { ...rest, Next: name };
};

const targetsOf = (state: JsonObject): readonly Json[] => [
  state['Next'] ?? null,
  state['Default'] ?? null,
  // The casts name what the author above has written.
  ...[...((state['Choices'] ?? []) as readonly JsonObject[]), ...((state['Catch'] ?? []) as readonly JsonObject[])].map(
    (rule) => rule['Next'] ?? null,
  ),
];

/** A machine made of a list of choices, so that a property test can draw and shrink it. */
export const machineOf = (choices: readonly number[]): JsonObject => new Author(new Choices(choices)).flow(0);

/** Answers that depend on nothing but what a task is asked. */
export const taskAnswers =
  (salt: number) =>
  (state: string, input: JsonObject, attempt: number): Outcome => {
    const mixed =
      (salt * 31 + state.length * 17 + Number(state.slice(1)) * 7 + Number(input['n']) * 13 + attempt * 11) % 23;
    if (mixed < 4) return { error: 'Busy' };
    return mixed < 6 ? { error: 'Hard' } : { output: mixed % 10 };
  };
