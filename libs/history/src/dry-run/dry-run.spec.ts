import { exampleMachines, givenMachine, resolved } from '@throughline/execution/given-when-then';
import { dryRun } from './dry-run.ts';

const { machine, task } = exampleMachines;
const DEFINITION = machine({
  Price: task({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 5, MaxAttempts: 2 }], Next: 'Rest' }),
  Rest: { Type: 'Wait', Seconds: 60, Next: 'Charge' },
  Charge: task(),
});

test('a dry run with the recorded answers of an execution ends as that execution did', () => {
  const under = givenMachine(DEFINITION);
  under.start({ id: 'order-1' });
  under.fail('Busy', 'HTTP 429');
  under.fire();
  under.complete({ price: 3 });
  under.fire();
  under.complete({ paid: true });
  const report = dryRun({ machine: resolved(DEFINITION), input: { id: 'order-1' }, answers: {}, recorded: under.log });
  expect(report).toMatchObject({ status: 'succeeded', output: under.state.end?.output, unanswered: [] });
  expect(report.waits.map(({ purpose, seconds }) => `${purpose} ${seconds}`)).toEqual(['retry 5', 'wait 60']);
  expect(report.calls.map(({ state, from }) => `${state} ${from}`)).toEqual([
    'Price recorded',
    'Price recorded',
    'Charge recorded',
  ]);
  expect(dryRun({ machine: resolved(DEFINITION), input: { id: 'order-1' }, answers: {}, recorded: under.log })).toEqual(
    report,
  );
});

test('it stops where a task has no answer, or takes the default', () => {
  const run = { machine: resolved(DEFINITION), input: {} };
  const report = dryRun({ ...run, answers: { states: { Price: { output: 1 } } } });
  expect(report).toMatchObject({ status: 'unanswered', unanswered: ['Charge'] });
  expect(dryRun({ ...run, answers: { default: { output: 7 } } })).toMatchObject({ status: 'succeeded', output: 7 });
});

test('it stops before the state of until', () => {
  const report = dryRun({
    machine: resolved(DEFINITION),
    input: {},
    answers: { default: { output: 1 } },
    until: 'Charge',
  });
  expect(report.status).toBe('stopped');
  expect(report.steps.map(({ state }) => state)).toEqual(['Price', 'Rest']);
});

test('a given error fails the execution', () => {
  const answers = { states: { Price: [{ error: 'Busy' }, { error: 'Broken', cause: 'why' }] } };
  expect(dryRun({ machine: resolved(DEFINITION), input: {}, answers })).toMatchObject({
    status: 'failed',
    error: 'Broken',
    cause: 'why',
  });
});

test('a machine that requires a preflight is walked all the same: nobody is called, so nobody has to be there', () => {
  const guarded = machine({ Work: task() }, { Throughline: { Preflight: 'required' } });
  const answers = { default: { output: 7 } };
  expect(dryRun({ machine: resolved(guarded), input: {}, answers })).toMatchObject({ status: 'succeeded', output: 7 });
});
