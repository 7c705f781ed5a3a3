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

/** A Map that fills several small rounds, with a step in some of its items, beside a branch that waits; both are retried. */
export const FANNING = machine({
  Items: { Type: 'Pass', Result: Array.from({ length: 40 }, (_, i) => i % 10), ResultPath: '$.items', Next: 'Both' },
  Both: {
    Type: 'Parallel',
    Branches: [
      {
        StartAt: 'Each',
        States: {
          Each: {
            Type: 'Map',
            ItemsPath: '$.items',
            ItemProcessor: {
              StartAt: 'Which',
              States: {
                Which: {
                  Type: 'Choice',
                  Choices: [{ Variable: '$', NumericEquals: 0, Next: 'Work' }],
                  Default: 'Skip',
                },
                Work: task({ TimeoutSeconds: 10, End: true }),
                Skip: { Type: 'Pass', End: true },
              },
            },
            Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 2 }],
            End: true,
          },
        },
      },
      { StartAt: 'Rest', States: { Rest: { Type: 'Wait', Seconds: 5, End: true } } },
    ],
    Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Rescued' }],
    End: true,
  },
  Rescued: { Type: 'Succeed' },
});

/** Nearly everything at once: a loop over a step that retries with jitter, times out and is caught, waits, choices. */
export const RICH = machine(
  {
    Prepare: { Type: 'Pass', Parameters: { 'order.$': '$', 'execution.$': '$$.Execution.Id', n: 0 }, Next: 'Charge' },
    Charge: task({
      Parameters: { 'order.$': '$.order', 'retry.$': '$$.State.RetryCount' },
      ResultPath: '$.charged',
      TimeoutSeconds: 30,
      HeartbeatSeconds: 10,
      Retry: [
        { ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2, JitterStrategy: 'FULL' },
        { ErrorEquals: ['States.Timeout'], MaxAttempts: 1 },
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Compensate' }],
      Next: 'Rest',
    }),
    Rest: { Type: 'Wait', Seconds: 5, Next: 'Again' },
    Again: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.charged.more', IsPresent: false, Next: 'Ship' },
        { Variable: '$.charged.more', BooleanEquals: true, Next: 'Charge' },
      ],
      Default: 'Ship',
    },
    Ship: task({ InputPath: '$.order', OutputPath: '$.id', Next: 'Done' }),
    Done: { Type: 'Succeed' },
    Compensate: task({ Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }], Next: 'GiveUp' }),
    GiveUp: { Type: 'Fail', Error: 'NotCharged', CausePath: '$.reason' },
  },
  { TimeoutSeconds: 300 },
);

/** Where numbers come into being, and where 0 and -0 part: 1/0 and 1/-0 are different values. */
export const NUMBERS: Json = {
  StartAt: 'Made',
  States: {
    Made: {
      Type: 'Pass',
      Parameters: {
        'given.$': '$',
        literal: [-0, Number.MIN_VALUE],
        'array.$': 'States.Array(-0, 1e308, -1e-400)',
        'parsed.$': 'States.StringToJson(\'[-0, {"a": -1e-400}]\')',
      },
      Next: 'Work',
    },
    Work: { Type: 'Task', Resource: 'tl:task:default:work', ResultPath: '$.result', Next: 'Look' },
    Look: {
      Type: 'Pass',
      QueryLanguage: 'JSONata',
      Assign: { zero: '{% -1 * 0 %}', turned: '{% $states.input.**[$type($) = "number"].(1 / $) %}' },
      Output: { all: '{% $states.input %}', zero: ['{% [-1 * 0] %}', -0] },
      Next: 'Wait',
    },
    Wait: { Type: 'Wait', Seconds: 1, Next: 'Again' },
    Again: {
      Type: 'Pass',
      QueryLanguage: 'JSONata',
      Output: '{% [$turned, 1 / $zero, $states.input.**[$type($) = "number"].(1 / $)] %}',
      End: true,
    },
  },
};
