import type { JsonObject } from '@throughline/contracts';

/** Definitions that mutation starts from: together they have every state and every field of the language. */

const retryAndCatch: JsonObject = {
  Retry: [
    { ErrorEquals: ['Busy'], IntervalSeconds: 2, MaxAttempts: 2, BackoffRate: 1.5, MaxDelaySeconds: 9 },
    { ErrorEquals: ['States.ALL'], JitterStrategy: 'FULL' },
  ],
  Catch: [
    { ErrorEquals: ['Hard', 'States.Timeout'], ResultPath: '$.error', Next: 'Done' },
    { ErrorEquals: ['States.ALL'], Next: 'Done' },
  ],
};

const tasks: JsonObject = {
  Comment: 'tasks of every kind',
  StartAt: 'Work',
  TimeoutSeconds: 600,
  States: {
    Work: {
      Type: 'Task',
      Resource: 'tl:task:orders:pack',
      InputPath: '$',
      Parameters: { 'a.$': '$.a', 'id.$': '$$.Execution.Id', fixed: [1, { 'n.$': '$.n' }] },
      ResultSelector: { 'all.$': '$' },
      ResultPath: '$.worked',
      OutputPath: '$',
      TimeoutSeconds: 20,
      HeartbeatSeconds: 5,
      ...retryAndCatch,
      Next: 'Call',
    },
    Call: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Parameters: { 'token.$': '$$.Task.Token' },
      TimeoutSecondsPath: '$.n',
      ResultPath: null,
      Next: 'Poll',
    },
    Poll: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:pack',
      Assign: { 'packed.$': '$', once: true },
      Next: 'Done',
    },
    Done: { Type: 'Succeed' },
  },
};

const flow: JsonObject = {
  StartAt: 'Prepare',
  States: {
    Prepare: {
      Type: 'Pass',
      Parameters: { 'n.$': 'States.MathAdd($.n, 1)', 'numbers.$': '$.numbers[0:2]', 'all.$': '$' },
      Assign: { 'orders.$': '$.items', count: 0 },
      Next: 'Decide',
    },
    Decide: {
      Type: 'Choice',
      Choices: [
        {
          And: [{ Variable: '$.n', NumericGreaterThan: 100 }, { Not: { Variable: '$.text', StringMatches: 'a*b' } }],
          Next: 'Fail',
        },
        { Variable: '$.when', TimestampLessThanPath: '$$.State.EnteredTime', Next: 'Soon' },
        { Variable: '$.none', IsPresent: true, Next: 'Fail' },
        {
          Or: [
            { Variable: '$orders[0].price', NumericEquals: 2 },
            { Variable: '$.n', IsNumeric: true },
          ],
          Next: 'Soon',
        },
      ],
      Default: 'Soon',
    },
    Soon: { Type: 'Wait', Seconds: 3, Next: 'Later' },
    Later: { Type: 'Wait', TimestampPath: '$$.Execution.StartTime', Next: 'Again' },
    Again: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericLessThan: 3, Next: 'Prepare' }], Default: 'End' },
    Fail: { Type: 'Fail', ErrorPath: '$.text', CausePath: "States.Format('{}', $.n)" },
    End: { Type: 'Succeed', OutputPath: '$.all' },
  },
};

const fanOut: JsonObject = {
  StartAt: 'Both',
  States: {
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Left', States: { Left: { Type: 'Task', Resource: 'tl:task:q:left', End: true } } },
        { StartAt: 'Right', States: { Right: { Type: 'Pass', End: true } } },
      ],
      ResultPath: '$.both',
      ...retryAndCatch,
      Next: 'Each',
    },
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemSelector: { 'item.$': '$$.Map.Item.Value', 'i.$': '$$.Map.Item.Index', 'n.$': '$.n' },
      MaxConcurrency: 2,
      ToleratedFailurePercentage: 50,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'One',
        States: {
          One: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', TimeoutSeconds: 5, Next: 'Two' },
          Two: { Type: 'Wait', Seconds: 1, End: true },
        },
      },
      ResultPath: '$.each',
      ...retryAndCatch,
      Next: 'Batches',
    },
    Batches: {
      Type: 'Map',
      Label: 'batches',
      ItemsPath: '$.numbers',
      ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'n.$': '$.n' } },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Batch',
        States: { Batch: { Type: 'Pass', End: true } },
      },
      End: true,
    },
    Done: { Type: 'Succeed' },
  },
};

const jsonata: JsonObject = {
  QueryLanguage: 'JSONata',
  StartAt: 'Prepare',
  States: {
    Prepare: {
      Type: 'Pass',
      Assign: { orders: '{% $states.input.items %}', total: '{% $sum($states.input.items.price) %}' },
      Output: { n: '{% $states.input.n + 1 %}', items: '{% $states.input.items[price > 1] %}', when: '{% $now() %}' },
      Next: 'Work',
    },
    Work: {
      Type: 'Task',
      Resource: 'tl:task:orders:pack',
      Arguments: { total: '{% $total %}', id: '{% $states.context.Execution.Id %}' },
      TimeoutSeconds: '{% $states.input.n * 10 %}',
      Output: '{% $merge([$states.input, {"result": $states.result}]) %}',
      Catch: [{ ErrorEquals: ['States.ALL'], Assign: { why: '{% $states.errorOutput %}' }, Next: 'End' }],
      Next: 'Decide',
    },
    Decide: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $total > 100 %}', Next: 'Fail' },
        { Condition: '{% $count($orders) = 2 %}', Assign: { few: true }, Output: '{% $states.input %}', Next: 'Each' },
      ],
      Default: 'Each',
    },
    Each: {
      Type: 'Map',
      Items: '{% $orders %}',
      ItemSelector: { item: '{% $states.context.Map.Item.Value %}' },
      MaxConcurrency: '{% 1 + 1 %}',
      ItemProcessor: {
        StartAt: 'One',
        States: {
          One: { Type: 'Pass', Assign: { one: '{% $states.input.item.sku %}' }, Output: '{% $random() %}', End: true },
        },
      },
      Next: 'Soon',
    },
    Soon: { Type: 'Wait', Seconds: '{% $count($states.input) %}', Next: 'Both' },
    Both: {
      Type: 'Parallel',
      Arguments: { n: '{% $states.input %}' },
      Branches: [{ StartAt: 'Left', States: { Left: { Type: 'Succeed', Output: '{% $uuid() %}' } } }],
      Output: '{% $states.result[0] %}',
      Next: 'End',
    },
    Fail: { Type: 'Fail', Error: '{% "Hard" %}', Cause: '{% $string($total) %}' },
    End: { Type: 'Succeed' },
  },
};

const mixed: JsonObject = {
  StartAt: 'Old',
  States: {
    Old: { Type: 'Pass', Result: { n: 3, numbers: [1, 2] }, ResultPath: '$.old', Next: 'New' },
    New: { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $states.input.old.numbers %}', Next: 'Child' },
    Child: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Parameters: { StateMachineArn: 'child', 'Input.$': '$' },
      End: true,
    },
  },
};

/** Loops for ever without waiting: the engine has to end it. */
const endless: JsonObject = {
  StartAt: 'A',
  States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Parameters: { 'b.$': '$' }, Next: 'A' } },
};

export const MACHINES: readonly [JsonObject, ...JsonObject[]] = [tasks, flow, fanOut, jsonata, mixed, endless];
