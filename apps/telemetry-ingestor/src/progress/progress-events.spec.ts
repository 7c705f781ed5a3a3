import { progressEventSchema, type ProgressEvent } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import { initialExecution } from '@throughline/execution';
import { exampleMachines, ExecutionUnderTest, resolved } from '@throughline/execution/given-when-then';
import { isAfter, parsePosition } from './event-position.ts';
import { progressOfExecution } from './progress-of-execution.ts';

/** Two steps in a row, the second one fails. */
const MACHINE = exampleMachines.machine({
  Pick: exampleMachines.task({ Next: 'Ship' }),
  Ship: exampleMachines.task(),
});

const failedRun = (): ExecutionUnderTest => {
  const execution = new ExecutionUnderTest(resolved(MACHINE));
  execution.start({ order: 7 });
  execution.complete({ picked: true });
  execution.fail('Truck.Broken', 'no wheels');
  return execution;
};

const logged = (execution: ExecutionUnderTest): readonly LoggedCommit[] =>
  execution.log.map((at) => ({ ...at, storedAt: execution.now }));

const eventsOf = async (execution: ExecutionUnderTest, after?: string): Promise<readonly ProgressEvent[]> => {
  const events: ProgressEvent[] = [];
  const position = after === undefined ? undefined : parsePosition(after);
  const initial = initialExecution(execution.state.ref);
  for await (const batch of progressOfExecution(initial, logged(execution), position)) events.push(...batch);
  return events;
};

describe('progress events', () => {
  it('are one for every event on the log, in its order, and match their schema', async () => {
    const execution = failedRun();
    const events = await eventsOf(execution);
    const onLog = execution.log.flatMap(({ commit }) =>
      commit.events.map(({ type }, i) => [`${commit.version}.${i}`, type]),
    );
    expect(events.map((event) => [event.event_id, event.event_type])).toEqual(onLog);
    for (const event of events) expect(progressEventSchema.parse(event)).toEqual(event);
  });

  it('carry status, progress and current step as they are right after them', async () => {
    const events = await eventsOf(failedRun());
    const at = (type: string) => events.filter((event) => event.event_type === type);
    expect(at('ExecutionStarted')[0]).toMatchObject({ status: 'running', progress: 0, current_step: null });
    expect(at('StepScheduled').map((event) => event.current_step)).toEqual(['Pick', 'Ship']);
    expect(at('StateExited')[0]).toMatchObject({ progress: 50 });
    expect(events.at(-1)).toMatchObject({ event_type: 'ExecutionFailed', status: 'failed', progress: 100 });
    const percents = events.map(({ progress }) => progress);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
  });

  it('name the step of a result and the error of a failure, and leave payloads out', async () => {
    const events = await eventsOf(failedRun());
    expect(events.find((event) => event.event_type === 'StepSucceeded')?.data).toMatchObject({
      state: 'Pick',
      attempt: 1,
    });
    expect(events.find((event) => event.event_type === 'StepFailed')?.data).toMatchObject({
      state: 'Ship',
      error: 'Truck.Broken',
      cause: 'no wheels',
    });
    expect(JSON.stringify(events)).not.toContain('picked');
  });

  it('give the output with the event of success', async () => {
    const execution = new ExecutionUnderTest(resolved(exampleMachines.ONE_TASK));
    execution.start({});
    execution.complete({ total: 3 });
    expect((await eventsOf(execution)).at(-1)).toMatchObject({
      event_type: 'ExecutionSucceeded',
      status: 'succeeded',
      data: { output: { total: 3 } },
    });
  });

  it('resume right after any of them with exactly the rest', async () => {
    const execution = failedRun();
    const all = await eventsOf(execution);
    for (const [i, event] of all.entries()) expect(await eventsOf(execution, event.event_id)).toEqual(all.slice(i + 1));
  });
});

describe('event positions', () => {
  it('order by commit and then by index, as numbers', () => {
    const after = (a: string, b: string) => {
      const [x, y] = [parsePosition(a), parsePosition(b)];
      return x && y && isAfter(x, y);
    };
    expect(after('10.0', '9.5')).toBe(true);
    expect(after('2.10', '2.9')).toBe(true);
    expect(after('2.9', '2.9')).toBe(false);
    expect(after('1.9', '2.0')).toBe(false);
  });

  it('are nothing but two plain numbers', () => {
    for (const text of ['', '1', '1.', '.1', '01.1', '1.1.1', '-1.0', 'abc', '1.0 ', '99999999999.0']) {
      expect(parsePosition(text)).toBeUndefined();
    }
  });
});
