import type { Json } from '@throughline/contracts';
import { executionIdSchema } from '@throughline/contracts';
import { canonicalHash, initialExecution } from '@throughline/execution';
import { type ExecutionUnderTest, givenMachine } from '@throughline/execution/given-when-then';
import { attemptChanges } from './attempt-changes.ts';

const running = (resource: string, more: Record<string, Json> = {}): ExecutionUnderTest => {
  const states = { Work: { Type: 'Task', Resource: resource, End: true, ...more } };
  const under = givenMachine({ StartAt: 'Work', States: states });
  under.start({ amount: 2 });
  return under.later(1_000);
};

/** The one attempt of the execution, as its changes leave it. */
const attemptOf = (under: ExecutionUnderTest): object => {
  const first = under.log[0];
  if (!first) throw new Error('nothing has happened');
  let state = initialExecution({ ...under.state.ref });
  let row = {};
  for (const logged of under.log) {
    const { changes, after } = attemptChanges(state, logged);
    state = after;
    for (const change of changes) {
      const said = Object.entries(change.row).filter(([, value]) => value !== null);
      row = { ...row, ...Object.fromEntries(said) };
    }
  }
  return row;
};

const BEGAN = '2026-01-31T12:00:00.000Z';
const LATER = '2026-01-31T12:00:01.000Z';
const callback = (token: string, output: Json) => ({
  type: 'CompleteCallback' as const,
  body: { token: token as never, output, outputHash: canonicalHash(output) },
});

describe('an attempt has request, answer, hash, times and effect class, whatever ends it:', () => {
  const whole = (output: Json) => ({
    status: 'succeeded',
    request: '{"amount":2}',
    response: JSON.stringify(output),
    responseHash: canonicalHash(output),
    idempotencyKey: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    scheduledAt: BEGAN,
    finishedAt: LATER,
  });

  test('a worker, whose handler says what it is', () => {
    const under = running('tl:task:orders:price');
    under.complete('done', undefined, undefined, { effectClass: 'pure' });
    expect(attemptOf(under)).toMatchObject({
      ...whole('done'),
      effectClass: 'pure',
      requestHash: canonicalHash({ amount: 2 }),
      worker: 'spec',
      startedAt: LATER,
    });
  });

  test('a worker whose handler says something else than the definition', () => {
    const under = running('tl:task:orders:price', { Throughline: { EffectClass: 'idempotent' } });
    under.complete('done', undefined, undefined, { effectClass: 'external' });
    expect(attemptOf(under)).toMatchObject({ ...whole('done'), effectClass: 'idempotent' });
  });

  test('a callback, after a worker has handed the work on', () => {
    const under = running('tl:task:orders:ask.waitForTaskToken');
    const token = under.openToken();
    under.complete('asked', token, undefined, { effectClass: 'external' });
    under.later(500).when(callback(token, { agreed: true }));
    expect(attemptOf(under)).toMatchObject({
      ...whole({ agreed: true }),
      effectClass: 'external',
      worker: 'spec',
      startedAt: LATER,
      finishedAt: '2026-01-31T12:00:01.500Z',
    });
  });

  test('an activity', () => {
    const under = running('arn:aws:states:eu-west-1:111111111111:activity:paint');
    const token = under.openToken();
    under.complete(null, token);
    under.when(callback(token, 'painted'));
    expect(attemptOf(under)).toMatchObject({
      ...whole('painted'),
      effectClass: 'external',
      worker: 'spec',
      startedAt: LATER,
    });
  });

  test('a child execution', () => {
    const under = running('arn:aws:states:::states:startExecution.sync:2', {
      Parameters: { StateMachineArn: 'child' },
    });
    const child = executionIdSchema.parse('child-1');
    const started = { ExecutionArn: 'arn:child-1', StartDate: Date.parse(BEGAN) + 10 };
    const output = { Status: 'SUCCEEDED' };
    const said = { token: under.openToken(), child, started, output, outputHash: canonicalHash(output) };
    under.when({ type: 'CompleteChild', body: said });
    expect(attemptOf(under)).toMatchObject({
      ...whole(output),
      request: '{"StateMachineArn":"child"}',
      effectClass: 'external',
      startedAt: '2026-01-31T12:00:00.010Z',
    });
  });

  test('people who agree', () => {
    const under = running('tl:approval', { Throughline: { Approval: { Required: 1 } } });
    under.decideApproval('ada');
    expect(attemptOf(under)).toMatchObject({ status: 'succeeded', request: '{"amount":2}', finishedAt: LATER });
    expect(attemptOf(under)).toHaveProperty('responseHash');
  });

  test('a signal', () => {
    const under = running('tl:signal:go');
    under.when({ type: 'SignalExecution', body: { name: 'go', payload: 7 } });
    expect(attemptOf(under)).toMatchObject(whole(7));
  });

  test('the reader of a Map', () => {
    const under = givenMachine({
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemReader: { Resource: 'tl:task:files:read', Parameters: { amount: 2 } },
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Pass',
            States: { Pass: { Type: 'Pass', End: true } },
          },
          End: true,
        },
      },
    });
    under.start({});
    under.later(1_000).complete([1, 2]);
    expect(attemptOf(under)).toMatchObject({ ...whole([1, 2]), effectClass: 'idempotent' });
  });

  test('a failure, a timeout and a cancel, with what is known of them', () => {
    const failed = running('tl:task:orders:price');
    failed.fail('Broken', 'why', undefined, undefined, { effectClass: 'pure' });
    expect(attemptOf(failed)).toMatchObject({ status: 'failed', error: 'Broken', cause: 'why', effectClass: 'pure' });
    const late = running('tl:task:orders:price', { TimeoutSeconds: 9 });
    late.fire();
    expect(attemptOf(late)).toMatchObject({ status: 'timed_out', error: 'States.Timeout', effectClass: 'idempotent' });
    const cancelled = running('tl:task:orders:price');
    cancelled.cancel();
    expect(attemptOf(cancelled)).toMatchObject({ status: 'cancelled', finishedAt: LATER });
  });
});
