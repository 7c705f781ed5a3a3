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

export const EXAMPLE_CASES: readonly RecordedCase[] = z
  .array(recordedCaseSchema)
  .parse([RETRIED, NAMED, SILENT, FANNED_OUT]);
