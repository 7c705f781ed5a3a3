import type { TimerId } from '@throughline/contracts';
import { codeOf, givenMachine, typesOf } from '../spec/given-when-then.ts';
import { machine, task } from '../spec/example-machines.ts';

const fire = (timer: string) => ({ type: 'FireTimer' as const, body: { timer: timer as TimerId } });

describe('FireTimer', () => {
  test('ends a Wait', () => {
    const execution = givenMachine(
      machine({ Rest: { Type: 'Wait', Seconds: 5, Next: 'Done' }, Done: { Type: 'Succeed' } }),
    );
    expect(execution.start({ a: 1 }).state.status).toBe('waiting');
    const then = execution.fire();
    expect(typesOf(then)[0]).toBe('TimerFired');
    expect(then.state).toMatchObject({
      status: 'succeeded',
      end: { output: { a: 1 }, at: '2026-01-31T12:00:05.000Z' },
    });
  });

  test('a Wait until a time that has passed does not wait', () => {
    const { state } = givenMachine(
      machine({ Rest: { Type: 'Wait', Timestamp: '2020-01-01T00:00:00Z', End: true } }),
    ).start();
    expect(state.status).toBe('succeeded');
  });

  test('before it is due, or when it is not armed, is refused', () => {
    const execution = givenMachine(machine({ Rest: { Type: 'Wait', Seconds: 5, End: true } }));
    execution.start();
    const timer = execution.nextTimer();
    const early = execution.later(4_999).when(fire(timer));
    expect(early.outcomes).toMatchObject([
      { kind: 'refused', refusal: { code: 'TL0108', details: { dueAt: '2026-01-31T12:00:05.000Z' } } },
    ]);
    expect(codeOf(execution.when(fire('9-9')))).toBe('TL0108');
    expect(codeOf(execution.later(1).when(fire(timer)))).toBeUndefined();
  });

  test('a timer that fires twice counts once', () => {
    const execution = givenMachine(
      machine({ Rest: { Type: 'Wait', Seconds: 5, Next: 'More' }, More: { Type: 'Wait', Seconds: 5, End: true } }),
    );
    execution.start();
    const timer = execution.nextTimer();
    execution.fire(timer);
    expect(codeOf(execution.later(60_000).when(fire(timer)))).toBe('TL0108');
  });

  test('TimeoutSeconds closes the attempt with States.Timeout; its late result is refused', () => {
    const execution = givenMachine(
      machine({
        Work: task({
          TimeoutSeconds: 10,
          HeartbeatSeconds: 9,
          Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Other' }],
        }),
        Other: task(),
      }),
    );
    execution.start();
    const token = execution.openToken();
    execution.later(8_000).heartbeat();
    const timeout = execution.state.timers.find(({ purpose }) => purpose === 'timeout');
    const then = execution.fire(timeout?.id);
    expect(typesOf(then).slice(0, 4)).toEqual(['TimerFired', 'StepTimedOut', 'TimerCancelled', 'ErrorCaught']);
    expect(codeOf(execution.complete(1, token))).toBe('TL0107');
  });

  test('a lapsed heartbeat is called States.Timeout, and a Catch of States.HeartbeatTimeout takes it', () => {
    const failing = givenMachine(machine({ Work: task({ HeartbeatSeconds: 10 }) }));
    failing.start();
    expect(failing.fire().state).toMatchObject({ status: 'failed', end: { error: 'States.Timeout' } });
    const branch = { StartAt: 'Work', States: { Work: { ...task({ HeartbeatSeconds: 10 }), End: true } } };
    const Catch = [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Other' }];
    const catching = givenMachine(
      machine({
        Both: { Type: 'Parallel', Branches: [branch], Catch, Next: 'Other' },
        Other: { Type: 'Pass', End: true },
      }),
    );
    catching.start();
    expect(catching.fire().state.end?.output).toEqual({ Error: 'States.Timeout', Cause: '' });
  });

  test('a lapsed timeout is not taken by a Catch of States.HeartbeatTimeout', () => {
    const Catch = [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Other' }];
    const execution = givenMachine(
      machine({ Work: task({ TimeoutSeconds: 10, Catch, Next: 'Other' }), Other: { Type: 'Pass', End: true } }),
    );
    execution.start();
    expect(execution.fire().state).toMatchObject({ status: 'failed', end: { error: 'States.Timeout' } });
  });

  test('the heartbeat timer of a live attempt goes on from the last heartbeat', () => {
    const execution = givenMachine(machine({ Work: task({ HeartbeatSeconds: 10 }) }));
    execution.start();
    execution.later(7_000).heartbeat();
    const then = execution.fire();
    expect(typesOf(then)).toEqual(['TimerFired', 'TimerArmed']);
    expect(then.events[1]).toMatchObject({ purpose: 'heartbeat', token: '1.2', dueAt: '2026-01-31T12:00:17.000Z' });
    expect(execution.fire().state.status).toBe('failed');
  });

  test('the machine timeout closes everything and ends the execution', () => {
    const execution = givenMachine(machine({ Work: task({ TimeoutSeconds: 90 }) }, { TimeoutSeconds: 60 }));
    execution.start();
    const then = execution.fire();
    expect(typesOf(then)).toEqual(['TimerFired', 'StepCancelled', 'TimerCancelled', 'ExecutionTimedOut']);
    expect(then.state).toMatchObject({ status: 'timed_out', timers: {}, attempts: {} });
  });
});
