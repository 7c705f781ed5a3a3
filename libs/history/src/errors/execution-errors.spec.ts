import type { Json } from '@throughline/contracts';
import { exampleMachines, type ExecutionUnderTest, givenMachine } from '@throughline/execution/given-when-then';
import { executionErrors } from './execution-errors.ts';

const { machine, task, ONE_TASK } = exampleMachines;

const RETRY = [{ ErrorEquals: ['Busy'], IntervalSeconds: 2, MaxAttempts: 2 }];

const errorsOf = (under: ExecutionUnderTest) => {
  const view = executionErrors(under.log);
  if (!view) throw new Error('there is no execution');
  return view;
};
const resolutionsOf = (under: ExecutionUnderTest): readonly string[] =>
  errorsOf(under).items.map(({ state, error }) => `${state ?? 'all'} ${error.code} ${error.resolution.status}`);

test('an execution without errors has none, and nothing is no execution', () => {
  const under = givenMachine(ONE_TASK);
  under.start();
  under.complete(1);
  expect(errorsOf(under)).toMatchObject({ failure: null, items: [], truncated: false });
  expect(executionErrors([])).toBeUndefined();
});

test('an error is retrying with the time of the next attempt, then retried, then resolved', () => {
  const under = givenMachine(machine({ Work: task({ Retry: RETRY }) }));
  under.start();
  under.fail('Busy', 'HTTP 429');
  const [first] = errorsOf(under).items;
  expect(first).toMatchObject({
    of: 'step',
    state: 'Work',
    visit: 1,
    error: {
      code: 'Busy',
      tech: 'Busy: HTTP 429',
      human: 'The step "Work" failed.',
      attempt: 1,
      severity: 'warning',
      nextRetryAt: '2026-01-31T12:00:02.000Z',
      recommendedActions: [],
      correlationId: 'exec-1',
      resolution: { status: 'retrying', at: null },
    },
  });
  under.fire();
  under.fail('Busy', 'again');
  expect(resolutionsOf(under)).toEqual(['Work Busy retried', 'Work Busy retrying']);
  under.fire();
  under.complete(1);
  expect(resolutionsOf(under)).toEqual(['Work Busy retried', 'Work Busy resolved_by_retry']);
  expect(errorsOf(under).items[1]?.error).toMatchObject({
    nextRetryAt: null,
    resolution: { status: 'resolved_by_retry', at: under.now },
  });
  expect(errorsOf(under).failure).toBeNull();
});

test('what nobody takes ends the execution, and stays open with what to do', () => {
  const under = givenMachine(ONE_TASK);
  under.start();
  under.fail('States.Http.StatusCode.503', 'down');
  expect(resolutionsOf(under)).toEqual(['Work States.Http.StatusCode.503 open']);
  expect(errorsOf(under).failure).toMatchObject({
    code: 'States.Http.StatusCode.503',
    category: 'dependency',
    severity: 'error',
    retryable: true,
    human: 'The system that the step "Work" calls failed.',
    tech: 'States.Http.StatusCode.503: down',
    recommendedActions: [{ action: 'retry' }, { action: 'check_dependency' }],
    resolution: { status: 'open' },
  });
});

test('a caught error is caught', () => {
  const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'After' }];
  const under = givenMachine(machine({ Work: task({ Catch, Retry: RETRY }), After: { Type: 'Pass', End: true } }));
  under.start();
  under.fail('Busy');
  under.fire();
  under.fail('Broken');
  expect(resolutionsOf(under)).toEqual(['Work Busy retried', 'Work Broken caught']);
  expect(errorsOf(under).failure).toBeNull();
});

test('a time that is over is an error of the step, or of the whole', () => {
  const under = givenMachine(machine({ Work: task({ TimeoutSeconds: 5 }) }, { TimeoutSeconds: 600 }));
  under.start();
  under.fire();
  expect(resolutionsOf(under)).toEqual(['Work States.Timeout open']);
  const whole = givenMachine(
    machine({ Work: task({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 900 }] }) }, { TimeoutSeconds: 600 }),
  );
  whole.start();
  whole.fail('Busy');
  whole.fire();
  expect(resolutionsOf(whole)).toEqual(['Work Busy abandoned', 'all States.Timeout open']);
  expect(errorsOf(whole).failure).toMatchObject({
    code: 'States.Timeout',
    human: 'The execution did not end in its time.',
  });
});

test('the error of a branch is that of its state', () => {
  const branch = (name: string): Json => ({ StartAt: name, States: { [name]: task() } });
  const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'After' }];
  const Both = { Type: 'Parallel', Branches: [branch('Left'), branch('Right')], Catch, End: true };
  const under = givenMachine(machine({ Both, After: { Type: 'Pass', End: true } }));
  under.start();
  under.fail('Broken');
  expect(resolutionsOf(under)).toEqual(['Left Broken propagated', 'Both Broken caught']);
});

test('what a Map tolerates is tolerated', () => {
  const Each = {
    Type: 'Map',
    ToleratedFailureCount: 1,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Work',
      States: { Work: task() },
    },
    End: true,
  };
  const under = givenMachine(machine({ Each }));
  under.start([1, 2]);
  under.fail('Broken');
  under.complete('fine');
  expect(resolutionsOf(under)).toEqual(['Work Broken tolerated']);
});

test('an expression that cannot be evaluated is an error too', () => {
  const under = givenMachine(
    machine({ Bad: { Type: 'Pass', Output: '{% $missing %}', End: true } }, { QueryLanguage: 'JSONata' }),
  );
  under.start();
  expect(errorsOf(under).items).toMatchObject([
    { state: 'Bad', error: { category: 'definition', retryable: false, resolution: { status: 'open' } } },
  ]);
});

test('a delivery that fails and then arrives is resolved', () => {
  const Throughline = { Delivery: { Targets: [{ Type: 'file', Path: 'x.json' }] } };
  const under = givenMachine(machine({ Work: task() }, { Throughline }));
  under.start();
  const [delivery] = under.complete(1).effects.flatMap((effect) => (effect.kind === 'delivery' ? [effect.task] : []));
  if (!delivery) throw new Error('nothing is delivered');
  const attempt = (n: number) => ({
    delivery: delivery.delivery,
    attempt: n,
    startedAt: under.now,
    finishedAt: under.now,
    worker: 'spec',
  });
  const failure = { error: 'Throughline.FileNotWritten', cause: 'ENOSPC', retryable: true };
  under.when({ type: 'FailDelivery', body: { ...attempt(1), ...failure } });
  expect(errorsOf(under).items).toMatchObject([{ of: 'delivery', error: { resolution: { status: 'retrying' } } }]);
  under.fire();
  under.when({ type: 'CompleteDelivery', body: { ...attempt(2), answer: 'x.json' } });
  expect(resolutionsOf(under)).toEqual(['all Throughline.FileNotWritten resolved_by_retry']);
});

test('a definition says what to do about its own errors', () => {
  const RecommendedActions = [
    {
      ErrorEquals: ['Card.*'],
      Actions: ['fix_input', { Action: 'call_bank', Text: 'Call the bank.' }],
      Human: 'The card was refused.',
      Severity: 'critical',
      Category: 'input',
      Retryable: false,
    },
  ];
  const under = givenMachine(machine({ Work: task() }, { Throughline: { RecommendedActions } }));
  under.start();
  under.fail('Card.Expired');
  expect(errorsOf(under).failure).toMatchObject({
    human: 'The card was refused.',
    severity: 'critical',
    category: 'input',
    retryable: false,
    recommendedActions: [{ action: 'fix_input' }, { action: 'call_bank', text: 'Call the bank.' }],
  });
});

test('an error that ended the execution is resolved by what was done about it, once that went well', () => {
  const under = givenMachine(ONE_TASK);
  under.start();
  under.fail('Broken');
  under.when({ type: 'RetryExecution', body: {} });
  expect(resolutionsOf(under)).toEqual(['Work Broken retrying']);
  expect(errorsOf(under).failure).toBeNull();
  under.fail('Broken');
  expect(resolutionsOf(under)).toEqual(['Work Broken retried', 'Work Broken open']);
  under.when({ type: 'RedriveExecution', body: {} });
  under.complete(1);
  expect(resolutionsOf(under)).toEqual(['Work Broken retried', 'Work Broken resolved_by_redrive']);
});
