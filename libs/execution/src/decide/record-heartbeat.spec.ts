import { awaitedEffects } from '../effects.ts';
import { codeOf, givenMachine, typesOf } from '../spec/given-when-then.ts';
import { machine, ONE_TASK, task } from '../spec/example-machines.ts';

describe('RecordHeartbeat', () => {
  const beating = machine({ Work: task({ HeartbeatSeconds: 10 }) });

  test('notes the time of an open attempt', () => {
    const execution = givenMachine(beating);
    execution.start();
    const then = execution.later(4_000).heartbeat();
    expect(typesOf(then)).toEqual(['StepHeartbeatRecorded']);
    expect(then.state.attempts.get('1.2')?.lastSeenAt).toBe('2026-01-31T12:00:04.000Z');
  });

  test('leaves no trace where no heartbeat is awaited', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    expect(execution.heartbeat().outcomes).toEqual([{ kind: 'ignored' }]);
    expect(execution.log).toHaveLength(1);
  });

  test('says that a job was submitted, once', () => {
    const execution = givenMachine(machine({ Work: { ...task(), Resource: 'arn:aws:states:::ecs:runTask.sync' } }));
    execution.start();
    expect(typesOf(execution.heartbeat())).toEqual(['StepSubmitted']);
    expect(execution.heartbeat().outcomes).toEqual([{ kind: 'ignored' }]);
    // Whoever runs the job still has its task, and gets it again where that was lost.
    expect(awaitedEffects(execution.state)).toMatchObject([{ kind: 'task' }]);
    expect(typesOf(execution.complete({}))).toEqual(['StepSucceeded', 'StateExited', 'ExecutionSucceeded']);
  });

  test('of a closed attempt is refused', () => {
    const execution = givenMachine(machine({ A: task({ HeartbeatSeconds: 10, Next: 'B' }), B: task() }));
    execution.start();
    const token = execution.openToken();
    execution.complete(1);
    expect(codeOf(execution.heartbeat(token))).toBe('TL0107');
  });
});
