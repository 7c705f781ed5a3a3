import { z } from 'zod';
import { type RecordedCase, recordedCaseSchema } from '../recorded-case.ts';

/** Cases of our own in the form of the recordings, for specs of the runner: they say nothing about AWS. */

const LAMBDA = 'arn:aws:states:::lambda:invoke';
const SQS = 'arn:aws:states:::sqs:sendMessage.waitForTaskToken';
const base = { source: 'examples', kind: 'task', queryLanguage: 'JSONPath', hasPlaceholders: true };
const entered = (kind: string, name: string, input: unknown) => ({ type: `${kind}StateEntered`, name, input });
const exited = (kind: string, name: string, output: unknown) => ({ type: `${kind}StateExited`, name, output });
const [SCHEDULED, STARTED] = [{ type: 'TaskScheduled' }, { type: 'TaskStarted' }];

const RETRIED = {
  ...base,
  id: 'retried',
  name: 'a task fails, is tried again after a wait, and succeeds',
  definition: {
    StartAt: 'Call it',
    States: {
      'Call it': {
        Type: 'Task',
        Resource: LAMBDA,
        Parameters: { FunctionName: 'f', 'Payload.$': '$.order' },
        ResultPath: '$.answer',
        Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 2, MaxAttempts: 1 }],
        Next: 'Rest',
      },
      Rest: { Type: 'Wait', Seconds: 3, End: true },
    },
  },
  input: { order: { id: 7 } },
  taskOutcomes: [
    { type: 'TaskFailed', error: 'Busy', cause: { errorMessage: 'later', requestId: '<uuid:1>' } },
    { type: 'TaskSucceeded', output: { StatusCode: 200 } },
  ].map((outcome) => ({ ...outcome, resource: 'invoke', resourceType: 'lambda' })),
  expected: {
    status: 'SUCCEEDED',
    output: { order: { id: 7 }, answer: { StatusCode: 200 } },
    events: [
      { type: 'ExecutionStarted', input: { order: { id: 7 } } },
      entered('Task', 'Call it', { order: { id: 7 } }),
      ...[SCHEDULED, STARTED],
      { type: 'TaskFailed', error: 'Busy', cause: { requestId: '<uuid:1>', errorMessage: 'later' } },
      ...[SCHEDULED, STARTED],
      { type: 'TaskSucceeded', output: { StatusCode: 200 } },
      exited('Task', 'Call it', { order: { id: 7 }, answer: { StatusCode: 200 } }),
      entered('Wait', 'Rest', { order: { id: 7 }, answer: { StatusCode: 200 } }),
      exited('Wait', 'Rest', { order: { id: 7 }, answer: { StatusCode: 200 } }),
      { type: 'ExecutionSucceeded', output: { order: { id: 7 }, answer: { StatusCode: 200 } } },
    ],
  },
};

const SILENT = {
  ...base,
  id: 'silent',
  name: 'a callback that never comes',
  definition: {
    StartAt: 'Ask',
    States: {
      Ask: {
        Type: 'Task',
        Resource: SQS,
        TimeoutSeconds: 4,
        Parameters: { QueueUrl: 'q', MessageBody: { 'Token.$': '$$.Task.Token' } },
        End: true,
      },
    },
  },
  input: {},
  taskOutcomes: [
    { type: 'TaskTimedOut', error: 'States.Timeout', resource: 'sendMessage.waitForTaskToken', resourceType: 'sqs' },
  ],
  expected: {
    status: 'FAILED',
    error: 'States.Timeout',
    events: [
      { type: 'ExecutionStarted', input: {} },
      entered('Task', 'Ask', {}),
      ...[SCHEDULED, STARTED, { type: 'TaskSubmitted', output: { MessageId: '<id>' } }],
      ...[
        { type: 'TaskTimedOut', error: 'States.Timeout' },
        { type: 'ExecutionFailed', error: 'States.Timeout' },
      ],
    ],
  },
};

const FANNED_OUT = {
  ...base,
  id: 'fanned-out',
  name: 'two branches, one of which waits for a callback',
  definition: {
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Ask', States: { Ask: { Type: 'Task', Resource: SQS, End: true } } },
          { StartAt: 'Say', States: { Say: { Type: 'Pass', Result: 'said', End: true } } },
        ],
        End: true,
      },
    },
  },
  input: { n: 1 },
  taskOutcomes: [
    { type: 'TaskSucceeded', output: '"yes"', resource: 'sendMessage.waitForTaskToken', resourceType: 'sqs' },
  ],
  expected: {
    status: 'SUCCEEDED',
    output: '["yes", "said"]',
    events: [
      { type: 'ExecutionStarted', input: { n: 1 } },
      entered('Parallel', 'Both', { n: 1 }),
      { type: 'ParallelStateStarted' },
      entered('Pass', 'Say', { n: 1 }),
      exited('Pass', 'Say', '"said"'),
      entered('Task', 'Ask', { n: 1 }),
      ...[SCHEDULED, STARTED, { type: 'TaskSubmitted' }, { type: 'TaskSucceeded', output: '"yes"' }],
      exited('Task', 'Ask', '"yes"'),
      { type: 'ParallelStateSucceeded' },
      exited('Parallel', 'Both', '["yes", "said"]'),
      { type: 'ExecutionSucceeded', output: '["yes", "said"]' },
    ],
  },
};

const NAMED = {
  ...base,
  id: 'named',
  name: 'names and paths that a cause and a context object quote',
  definition: {
    StartAt: 'First',
    States: {
      First: { Type: 'Pass', Parameters: { 'state.$': '$$.State.Name', 'customer.$': '$.customer' }, Next: 'Second' },
      Second: { Type: 'Pass', InputPath: '$.missing', End: true },
    },
  },
  input: { customer: 'ann' },
  taskOutcomes: [],
  expected: {
    status: 'FAILED',
    error: 'States.Runtime',
    cause:
      "An error occurred while executing the state 'Second' (entered at the event id #4). Invalid path '$.missing' : No results for path: $['missing']",
    events: [
      { type: 'ExecutionStarted', input: { customer: 'ann' } },
      entered('Pass', 'First', { customer: 'ann' }),
      exited('Pass', 'First', { state: 'First', customer: 'ann' }),
      entered('Pass', 'Second', { state: 'First', customer: 'ann' }),
      { type: 'ExecutionFailed', error: 'States.Runtime' },
    ],
  },
};

/** One task after the other, each of another kind, with what AWS's history has of it. */
const KINDS = [
  { name: 'Function', resource: '<lambda_function_arn>', family: 'LambdaFunction', started: ['LambdaFunctionStarted'] },
  {
    name: 'Job',
    resource: 'arn:aws:states:::ecs:runTask.sync',
    family: 'Task',
    started: ['TaskStarted', 'TaskSubmitted'],
  },
  {
    name: 'Child',
    resource: 'arn:aws:states:::states:startExecution.sync:2',
    family: 'Task',
    started: ['TaskStarted', 'TaskSubmitted'],
  },
  {
    name: 'Child only begun',
    resource: 'arn:aws:states:::states:startExecution',
    family: 'Task',
    started: ['TaskStarted'],
  },
] as const;
const OF_ALL_KINDS = {
  ...base,
  id: 'of-all-kinds',
  name: 'a function, a job, a child that is awaited and one that is not',
  definition: {
    StartAt: 'Function',
    States: Object.fromEntries(
      KINDS.map(({ name, resource }, i) => {
        const after = KINDS[i + 1];
        return [name, { Type: 'Task', Resource: resource, ...(after ? { Next: after.name } : { End: true }) }];
      }),
    ),
  },
  input: { StateMachineArn: '<state_machine_arn>' },
  taskOutcomes: KINDS.map(({ name, family }) => ({ type: `${family}Succeeded`, output: { of: name } })),
  expected: {
    status: 'SUCCEEDED',
    output: { of: 'Child only begun' },
    events: [
      { type: 'ExecutionStarted', input: { StateMachineArn: '<state_machine_arn>' } },
      ...KINDS.flatMap(({ name, family, started }, i) => [
        entered('Task', name, i === 0 ? { StateMachineArn: '<state_machine_arn>' } : { of: KINDS[i - 1]?.name }),
        ...[`${family}Scheduled`, ...started].map((type) => ({ type })),
        { type: `${family}Succeeded`, output: { of: name } },
        exited('Task', name, { of: name }),
      ]),
      { type: 'ExecutionSucceeded', output: { of: 'Child only begun' } },
    ],
  },
};

const ACTIVITY = {
  ...base,
  id: 'activity',
  name: 'an activity that fails, and one whose worker falls silent',
  definition: {
    StartAt: 'Refused',
    States: {
      Refused: {
        Type: 'Task',
        Resource: 'arn:aws:states:us-east-1:111111111111:activity:<activity_name>',
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.refusal', Next: 'Forgotten' }],
        Next: 'Forgotten',
      },
      Forgotten: {
        Type: 'Task',
        Resource: 'arn:aws:states:us-east-1:111111111111:activity:<activity_name>',
        InputPath: '$.refusal',
        TimeoutSeconds: 9,
        HeartbeatSeconds: 3,
        End: true,
      },
    },
  },
  input: {},
  taskOutcomes: [
    { type: 'ActivityFailed', error: 'No', cause: 'not today' },
    { type: 'ActivityTimedOut', error: 'States.Timeout' },
  ],
  expected: {
    status: 'FAILED',
    error: 'States.Timeout',
    events: [
      { type: 'ExecutionStarted', input: {} },
      entered('Task', 'Refused', {}),
      ...[{ type: 'ActivityScheduled', input: {} }, { type: 'ActivityStarted' }],
      { type: 'ActivityFailed', error: 'No', cause: 'not today' },
      exited('Task', 'Refused', { refusal: { Error: 'No', Cause: 'not today' } }),
      entered('Task', 'Forgotten', { refusal: { Error: 'No', Cause: 'not today' } }),
      ...[{ type: 'ActivityScheduled', input: { Error: 'No', Cause: 'not today' } }, { type: 'ActivityStarted' }],
      { type: 'ActivityTimedOut', error: 'States.Timeout' },
      { type: 'ExecutionFailed', error: 'States.Timeout' },
    ],
  },
};

export const EXAMPLE_CASES: readonly RecordedCase[] = z
  .array(recordedCaseSchema)
  .parse([RETRIED, NAMED, SILENT, FANNED_OUT, OF_ALL_KINDS, ACTIVITY]);
