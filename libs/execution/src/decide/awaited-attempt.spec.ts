import type { ExecutionCommand } from '@throughline/contracts';
import { canonicalHash } from '../hashes.ts';
import { machine, task } from '../spec/example-machines.ts';
import { codeOf, completion, type ExecutionUnderTest, givenMachine } from '../spec/given-when-then.ts';

const CHILD = 'arn:aws:states:::states:startExecution';
const RESOURCES = {
  result: 'tl:task:default:work',
  job: 'arn:aws:states:::glue:startJobRun.sync',
  callback: 'tl:task:default:work.waitForTaskToken',
  activity: 'arn:aws:states:us-east-1:111111111111:activity:sign',
  'started child': CHILD,
  'awaited child': `${CHILD}.sync`,
  'child with a token': `${CHILD}.waitForTaskToken`,
} as const;
type Awaits = keyof typeof RESOURCES;
const AWAITS = Object.keys(RESOURCES) as readonly Awaits[]; // keys of a literal

const awaiting = (awaits: Awaits): ExecutionUnderTest => {
  const execution = givenMachine(
    machine({ Work: task({ Resource: RESOURCES[awaits], Parameters: { StateMachineArn: 'child' } }) }),
  );
  execution.start();
  return execution;
};

const reports = (execution: ExecutionUnderTest): { readonly [type: string]: ExecutionCommand } => {
  const token = execution.openToken();
  const result = { output: {}, outputHash: canonicalHash({}) };
  const started = { ExecutionArn: 'arn:aws:states:us-east-1:111111111111:execution:child:x', StartDate: 1_000 };
  const start = { token, child: 'exec-2' as never, output: started, outputHash: canonicalHash(started) }; // a branded id
  const times = { startedAt: execution.now, finishedAt: execution.now, worker: 'spec' };
  return {
    CompleteStep: completion(token, {}, execution.now),
    FailStep: { type: 'FailStep', body: { token, error: 'E', ...times } },
    CompleteCallback: { type: 'CompleteCallback', body: { token, ...result } },
    FailCallback: { type: 'FailCallback', body: { token } },
    'RecordChildStart of a started one': { type: 'RecordChildStart', body: { ...start, awaits: 'start' } },
    'RecordChildStart of an awaited one': { type: 'RecordChildStart', body: { ...start, awaits: 'end' } },
    CompleteChild: { type: 'CompleteChild', body: { token, child: start.child, started, ...result } },
    FailChild: { type: 'FailChild', body: { token, error: 'E', cause: '' } },
  };
};

/** What an attempt takes, by what it awaits. */
const TAKEN: { readonly [A in Awaits]: readonly string[] } = {
  result: ['CompleteStep', 'FailStep'],
  job: ['CompleteStep', 'FailStep'],
  callback: ['CompleteStep', 'FailStep', 'CompleteCallback', 'FailCallback'],
  activity: ['CompleteStep', 'FailStep', 'CompleteCallback', 'FailCallback'],
  'started child': ['RecordChildStart of a started one', 'FailChild'],
  'awaited child': ['RecordChildStart of an awaited one', 'CompleteChild', 'FailChild'],
  'child with a token': ['CompleteCallback', 'FailCallback', 'FailChild'],
};

describe('an attempt takes the reports that it awaits, and refuses every other', () => {
  test.each(AWAITS)('%s', (awaits) => {
    const taken = Object.keys(reports(awaiting(awaits))).filter((name) => {
      const execution = awaiting(awaits);
      const report = reports(execution)[name];
      if (!report) throw new Error(name);
      const code = codeOf(execution.when(report));
      if (code !== undefined) expect(code).toBe('TL0107');
      return code === undefined;
    });
    expect(taken).toEqual(TAKEN[awaits]);
  });

  test.each(['callback', 'activity'] as const)(
    'a worker has no say any more once the work is handed on (%s)',
    (awaits) => {
      const execution = awaiting(awaits);
      const { CompleteStep, FailStep, FailCallback } = reports(execution);
      if (!CompleteStep || !FailStep || !FailCallback) throw new Error('reports expected');
      expect(codeOf(execution.when(CompleteStep, 'handed-on'))).toBeUndefined();
      expect(codeOf(execution.when(CompleteStep))).toBe('TL0107');
      expect(codeOf(execution.when(FailStep))).toBe('TL0107');
      expect(execution.when(FailCallback).state.status).toBe('failed');
    },
  );
});
