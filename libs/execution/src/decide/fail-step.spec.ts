import type { JsonObject } from '@throughline/contracts';
import { codeOf, givenMachine, tasksOf, typesOf } from '../spec/given-when-then.ts';
import { machine, ONE_TASK, RETRYING, task } from '../spec/example-machines.ts';

describe('FailStep', () => {
  test('without Retry and Catch fails the execution with its error', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    const then = execution.fail('Broken', 'why');
    expect(typesOf(then)).toEqual(['StepFailed', 'ExecutionFailed']);
    expect(then.state).toMatchObject({ status: 'failed', end: { error: 'Broken', cause: 'why' } });
  });

  test('a retrier waits with backoff, then schedules a new attempt under the same idempotency key', () => {
    const execution = givenMachine(RETRYING);
    const [first] = tasksOf(execution.start({ id: 1 }));
    const failed = execution.fail('Busy', 'soon');
    expect(typesOf(failed)).toEqual(['StepFailed', 'RetryScheduled', 'TimerArmed']);
    expect(failed.events[1]).toMatchObject({ retrier: 0, retry: 1, delayMs: 2_000 });
    expect(failed.state.status).toBe('waiting');
    const retried = execution.fire();
    expect(typesOf(retried)).toEqual(['TimerFired', 'StepScheduled']);
    const [second] = tasksOf(retried);
    expect(second).toMatchObject({ attempt: 2, input: { id: 1 }, idempotencyKey: first?.idempotencyKey });
    expect(second?.token).not.toBe(first?.token);
    expect(execution.fail('Busy').events[1]).toMatchObject({ retry: 2, delayMs: 6_000 });
  });

  test('when the retrier has no attempts left, Catch takes the error', () => {
    const execution = givenMachine(RETRYING);
    execution.start({ id: 1 });
    for (let retry = 0; retry < 2; retry += 1) {
      execution.fail('Busy', 'soon');
      execution.fire();
    }
    const then = execution.fail('Busy', 'never');
    expect(typesOf(then).slice(0, 4)).toEqual(['StepFailed', 'ErrorCaught', 'StateExited', 'StateEntered']);
    expect(then.state.end).toMatchObject({ output: { id: 1, failure: { Error: 'Busy', Cause: 'never' } } });
  });

  test('an error that no retrier names is caught at once', () => {
    const execution = givenMachine(RETRYING);
    execution.start({});
    expect(typesOf(execution.fail('Other'))).toContain('ErrorCaught');
  });

  test('full jitter is drawn from the seed of the command: within the delay, and the same when decided again', () => {
    const jittered = machine({
      Work: task({ Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 100, JitterStrategy: 'FULL' }] }),
    });
    const delays = ['exec-1', 'exec-2', 'exec-1'].map((id) => {
      const execution = givenMachine(jittered, { id });
      execution.start();
      const scheduled = execution.fail('Busy').events.find((event) => event.type === 'RetryScheduled');
      return scheduled?.delayMs ?? -1;
    });
    expect(delays[0]).toBe(delays[2]);
    expect(delays[0]).not.toBe(delays[1]);
    expect(delays.every((delay) => delay >= 0 && delay < 100_000)).toBe(true);
  });

  test('a late failure of a closed attempt is refused', () => {
    const execution = givenMachine(RETRYING);
    execution.start({});
    const token = execution.openToken();
    execution.fail('Busy', '', token, 'first');
    expect(codeOf(execution.fail('Busy', '', token, 'second'))).toBe('TL0107');
  });

  test('a long cause is bounded by its bytes, so that thirty fan-outs around it still make a commit that can be stored', () => {
    const wrapped = Array.from({ length: 30 }).reduce<JsonObject>(
      (flow, _, depth) => ({
        StartAt: `P${depth}`,
        States: { [`P${depth}`]: { Type: 'Parallel', Branches: [flow], End: true } },
      }),
      { StartAt: 'Work', States: { Work: task() } },
    );
    for (const character of ['a', '\u8a9e', '\u0001']) {
      const execution = givenMachine(wrapped);
      execution.start({});
      const { end } = execution.fail('Broken', character.repeat(32_000)).state;
      expect(end?.cause).toMatch(new RegExp(`^${character}{5000,}$`));
      const [, failed] = execution.log;
      expect(Buffer.byteLength(JSON.stringify(failed?.commit))).toBeLessThan(3_000_000);
    }
  });

  test('States.Runtime is not taken by States.ALL', () => {
    const execution = givenMachine(RETRYING);
    execution.start({});
    expect(execution.fail('States.Runtime').state.status).toBe('failed');
  });
});
