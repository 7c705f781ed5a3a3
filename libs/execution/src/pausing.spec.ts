import { codeOf, givenMachine, typesOf } from './spec/given-when-then.ts';
import { armedTimers } from './execution-state.ts';
import { machine, ONE_TASK, RETRYING, task } from './spec/example-machines.ts';

const TWO_TASKS = machine({ First: task({ Next: 'Second', TimeoutSeconds: 60 }), Second: task() });
const dueIn = (execution: ReturnType<typeof givenMachine>): readonly number[] =>
  armedTimers(execution.state).map(({ dueAt }) => (Date.parse(dueAt) - Date.parse(execution.now)) / 1_000);

describe('a paused execution', () => {
  test('records what a running step has come to, and starts nothing', () => {
    const execution = givenMachine(TWO_TASKS);
    execution.start();
    execution.control('PauseExecution');
    const then = execution.complete('done');
    expect(typesOf(then)).toEqual(['StepSucceeded', 'TimerCancelled', 'StateExited']);
    expect(then.state).toMatchObject({ status: 'paused' });
    expect(typesOf(execution.control('ResumeExecution'))).toEqual([
      'ExecutionResumed',
      'StateEntered',
      'StepScheduled',
    ]);
    expect(execution.complete('end').state).toMatchObject({ status: 'succeeded', end: { output: 'end' } });
  });

  test('ends only once it is resumed', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    execution.control('PauseExecution');
    expect(execution.complete(7).state).toMatchObject({ status: 'paused', end: null });
    expect(execution.control('ResumeExecution').state).toMatchObject({ status: 'succeeded', end: { output: 7 } });
  });

  test('has its timers stand still: they go on with what was left', () => {
    const execution = givenMachine(machine({ Wait: { Type: 'Wait', Seconds: 100, End: true } }));
    execution.start();
    execution.later(30_000);
    const pause = execution.control('PauseExecution');
    const [timer] = armedTimers(execution.state);
    expect(pause.effects).toEqual([{ kind: 'cancel-timer', ref: execution.state.ref, timer: timer?.id }]);
    execution.later(1_000_000);
    expect(codeOf(execution.when({ type: 'FireTimer', body: { timer: timer!.id } }))).toBe('TL0108');
    const resume = execution.control('ResumeExecution');
    expect(resume.state.status).toBe('waiting');
    expect(dueIn(execution)).toEqual([70]);
    expect(resume.effects).toMatchObject([{ kind: 'arm-timer', timer: timer?.id }]);
    expect(execution.fire().state.status).toBe('succeeded');
  });

  test('plans a retry with all of its delay ahead', () => {
    const execution = givenMachine(RETRYING);
    execution.start();
    execution.later(5_000).control('PauseExecution');
    const failed = execution.later(60_000).fail('Busy');
    expect(typesOf(failed)).toEqual(['StepFailed', 'RetryScheduled', 'TimerArmed']);
    expect(failed.effects).toEqual([]);
    execution.later(60_000).control('ResumeExecution');
    expect(dueIn(execution)).toEqual([2]);
  });

  test('does not lose a step whose heartbeat could not be heard', () => {
    const execution = givenMachine(machine({ Work: task({ HeartbeatSeconds: 10, TimeoutSeconds: 100 }) }));
    execution.start();
    execution.later(8_000).control('PauseExecution');
    execution.later(500_000).control('ResumeExecution');
    expect(dueIn(execution)).toEqual([92, 2]);
    execution.later(1_500).heartbeat();
    expect(typesOf(execution.later(600).fire())).toEqual(['TimerFired', 'TimerArmed']);
  });

  test('spends its time in the phase of that name', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    execution.later(1_000).control('PauseExecution');
    execution.later(20_000).control('ResumeExecution');
    execution.later(300).complete(1);
    expect(execution.state.phases).toEqual({ running: 1_300, paused: 20_000 });
  });

  test('that waits to be continued goes on when it is resumed, and the continuation is refused until then', () => {
    const loop = machine({
      A: { Type: 'Pass', Next: 'B' },
      B: { Type: 'Pass', Next: 'C' },
      C: { Type: 'Pass', Next: 'D' },
      D: { Type: 'Pass', End: true },
    });
    const execution = givenMachine(loop, { limits: { roundEventsMax: 15 } });
    execution.start();
    expect(execution.state.continuation).not.toBeNull();
    execution.control('PauseExecution');
    expect(codeOf(execution.when({ type: 'ContinueExecution', body: {} }))).toBe('TL0109');
    for (let i = 0; i < 5 && execution.state.status !== 'succeeded'; i += 1) {
      if (i === 0) execution.control('ResumeExecution');
      else execution.when({ type: 'ContinueExecution', body: {} });
    }
    expect(execution.state.status).toBe('succeeded');
  });
});

describe('an execution that is started until a state', () => {
  const steps = machine({ First: task({ Next: 'Danger' }), Danger: task() });

  test('waits for a review before it enters the state', () => {
    const execution = givenMachine(steps);
    execution.start({}, undefined, { until: 'Danger' });
    const then = execution.complete(1);
    expect(typesOf(then)).toEqual(['StepSucceeded', 'StateExited', 'ReviewRequested']);
    expect(then.state.status).toBe('needs_review');
    const signalled = execution.when({ type: 'SignalExecution', body: { name: 'resume_after_review', payload: null } });
    expect(typesOf(signalled)).toEqual(['ExecutionResumed', 'StateEntered', 'StepScheduled']);
  });

  test('is refused where there is no such state', () => {
    expect(codeOf(givenMachine(steps).start({}, undefined, { until: 'Nowhere' }))).toBe('TL0128');
  });
});

describe('an execution that is not to start before an instant', () => {
  test('has all of its time from then on', () => {
    const execution = givenMachine({ ...ONE_TASK, TimeoutSeconds: 60 });
    const notBefore = execution.later(3_600_000).now;
    execution.later(-3_600_000).start({}, undefined, { notBefore });
    execution.fire();
    expect(execution.state.status).toBe('running');
    expect(dueIn(execution)).toEqual([60]);
  });

  test('is queued until then', () => {
    const execution = givenMachine(ONE_TASK);
    const notBefore = execution.later(90_000).now;
    execution.later(-90_000).start({}, undefined, { notBefore });
    expect(execution.state).toMatchObject({ status: 'queued', attempts: { size: 0 } });
    expect(typesOf(execution.fire())).toEqual(['TimerFired', 'StateEntered', 'StepScheduled']);
    expect(execution.state).toMatchObject({ status: 'running', phases: { queued: 90_000 } });
  });
});
