import type { Json, StartExecution, TimeoutPolicy } from '@throughline/contracts';
import { armedTimers } from '../execution-state.ts';
import { exampleMachines, type ExecutionUnderTest, givenMachine, tasksOf, typesOf } from '../spec/given-when-then.ts';
import { DEFAULT_POLICIES } from './default-policies.ts';

const { machine, ONE_TASK, task } = exampleMachines;
const MINUTE = 60_000;

const started = (definition: Json, more: Partial<StartExecution> = {}) => {
  const under = givenMachine(definition);
  const then = under.when({
    type: 'StartExecution',
    body: { workflow: 'example', input: {}, trigger: 'manual', ...more },
  });
  return { under, then };
};
const dueAfter = (under: ExecutionUnderTest): readonly (readonly [string, number])[] =>
  armedTimers(under.state).map(({ purpose, dueAt }) => [purpose, Date.parse(dueAt) - Date.parse(under.now)]);
const classified = (extension: Json, states: Record<string, Json> = { Work: task() }) =>
  machine(states, { Throughline: extension });

describe('an execution that says nothing of classes', () => {
  test('has no event, timer or field of them', () => {
    const { under, then } = started(ONE_TASK);
    expect(typesOf(then)).toEqual(['ExecutionStarted', 'StateEntered', 'StepScheduled']);
    expect(then.events[2]).not.toHaveProperty('priority');
    expect(then.events[2]).not.toHaveProperty('queueWaitMs');
    expect(under.state.classification).toBeNull();
    expect(dueAfter(under)).toEqual([]);
    expect(tasksOf(then)[0]).not.toHaveProperty('queueWaitMs');
  });
});

describe('a classified execution', () => {
  test('is pinned to the default policy of its two classes, and the event holds its values', () => {
    const { under, then } = started(classified({ Sla: 'interactive', ActionClass: 'change' }));
    const policy = DEFAULT_POLICIES.interactive.change;
    expect(then.events[1]).toEqual({
      type: 'ExecutionClassified',
      slaClass: 'interactive',
      actionClass: 'change',
      mode: 'background',
      priority: 'high',
      policy,
    });
    expect(under.state.classification).toEqual({
      slaClass: 'interactive',
      actionClass: 'change',
      mode: 'background',
      priority: 'high',
      policy,
    });
  });

  test('is as grave as its gravest state, however deep', () => {
    const inner = machine({ Drop: task({ Throughline: { ActionClass: 'destructive' } }) });
    const { under } = started(
      classified(
        { ActionClass: 'read' },
        {
          Each: {
            Type: 'Map',
            ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Parallel', Branches: [inner], End: true } } },
            End: true,
          },
        },
      ),
    );
    expect(under.state.classification).toMatchObject({ actionClass: 'destructive', slaClass: 'standard' });
  });

  test('has the times of the policy that the tenant has set, which came with its start', () => {
    const policy: TimeoutPolicy = {
      ...DEFAULT_POLICIES.standard.change,
      executionMs: 77_000,
      stepMs: 7_000,
      queueWaitMs: 500,
    };
    const { under, then } = started(classified({ Sla: 'standard' }), { policy });
    expect(dueAfter(under)).toEqual([
      ['execution-timeout', 77_000],
      ['timeout', 7_500],
    ]);
    expect(tasksOf(then)).toMatchObject([{ timeoutMs: 7_000, queueWaitMs: 500 }]);
  });

  test('keeps the timeouts that its machine and its states name', () => {
    const definition = machine(
      { Work: task({ TimeoutSeconds: 60 }) },
      { TimeoutSeconds: 600, Throughline: { Sla: 'batch' } },
    );
    const { under, then } = started(definition);
    expect(dueAfter(under)).toEqual([
      ['execution-timeout', 10 * MINUTE],
      ['timeout', MINUTE],
    ]);
    expect(tasksOf(then)).toMatchObject([
      { timeoutMs: MINUTE, queueWaitMs: DEFAULT_POLICIES.batch.change.queueWaitMs },
    ]);
  });

  test('times out as a whole by its policy', () => {
    const { under } = started(
      classified({ Sla: 'interactive' }, { Rest: { Type: 'Wait', Seconds: 1_000_000, End: true } }),
    );
    under.fire();
    expect(under.state.status).toBe('timed_out');
  });

  test('what people do and what is called back has no bound of a step', () => {
    const callback = task({ Resource: 'tl:task:default:work.waitForTaskToken' });
    const { under } = started(classified({ Sla: 'interactive' }, { Ask: callback }));
    expect(dueAfter(under).map(([purpose]) => purpose)).toEqual(['execution-timeout']);
  });

  test('a start goes before the machine, and a state before both in its own priority', () => {
    const states = { First: task({ Throughline: { Priority: 'normal' }, Next: 'Second' }), Second: task() };
    const { under, then } = started(classified({ Sla: 'interactive', Priority: 'high' }, states), {
      sla: 'batch',
      priority: 'low',
    });
    expect(under.state.classification).toMatchObject({ slaClass: 'batch', priority: 'low' });
    expect(tasksOf(then)[0]).not.toHaveProperty('priority');
    expect(tasksOf(under.complete({}))).toMatchObject([{ priority: 'low' }]);
  });
});
