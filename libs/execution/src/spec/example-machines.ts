import type { Json, JsonObject } from '@throughline/contracts';

/** Small definitions that specs start from. */
export const task = (extra: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: 'tl:task:default:work',
  ...('Next' in extra ? {} : { End: true }),
  ...extra,
});

export const machine = (states: Readonly<Record<string, Json>>, extra: JsonObject = {}): JsonObject => ({
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
  ...extra,
});

export const ONE_TASK = machine({ Work: task() });

export const RETRYING = machine({
  Work: task({
    Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 2, MaxAttempts: 2, BackoffRate: 3 }],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Repair' }],
  }),
  Repair: { Type: 'Pass', End: true },
});

export const LOOP_FOREVER = machine({
  A: { Type: 'Pass', Next: 'B' },
  B: { Type: 'Choice', Choices: [{ Variable: '$.stop', BooleanEquals: true, Next: 'C' }], Default: 'A' },
  C: { Type: 'Succeed' },
});
