import { sentCommandSchemas, stepTaskSchema, timerMessageSchema } from '@throughline/contracts';
import { awaitedEffects, effectsOf } from './effects.ts';
import { LOOP_FOREVER, machine, ONE_TASK, RETRYING, task } from './spec/example-machines.ts';
import { givenMachine, tasksOf } from './spec/given-when-then.ts';

describe('effects', () => {
  test('messages fit their schemas', () => {
    const timed = machine({ Work: task({ TimeoutSeconds: 5, HeartbeatSeconds: 2 }) });
    const { effects } = givenMachine(timed).start();
    for (const effect of effects) {
      if (effect.kind === 'task') expect(stepTaskSchema.parse(effect.task)).toEqual(effect.task);
      if (effect.kind === 'arm-timer') expect(timerMessageSchema.parse(effect.message)).toEqual(effect.message);
    }
    expect(effects.map(({ kind }) => kind)).toEqual(['task', 'arm-timer', 'arm-timer']);
    const looping = givenMachine(LOOP_FOREVER, { limits: { roundEventsMax: 60 } }).start({ stop: false });
    const [command] = looping.effects;
    if (command?.kind !== 'command') throw new Error('a command expected');
    expect(sentCommandSchemas.execution.parse(command.command)).toEqual(command.command);
  });

  test('what a commit opens and closes again has no effect', () => {
    const execution = givenMachine(machine({ Work: task({ TimeoutSeconds: 5 }) }));
    const { effects } = execution.whenAll([
      { command: { type: 'StartExecution', body: { workflow: 'example', input: 1, trigger: 'manual' } } },
      { command: { type: 'CancelExecution', body: {} } },
    ]);
    expect(effects).toEqual([]);
  });

  test('everything that is still awaited can be published again with the same ids', () => {
    const execution = givenMachine(machine({ Work: task({ TimeoutSeconds: 5 }) }, { TimeoutSeconds: 60 }));
    const { effects, state } = execution.start();
    const byKind = (a: { kind: string }, b: { kind: string }): number => (a.kind < b.kind ? -1 : 1);
    expect([...awaitedEffects(state)].sort(byKind)).toEqual([...effects].sort(byKind));
    execution.complete(1);
    expect(awaitedEffects(execution.state)).toEqual([]);
  });

  test('a retry awaits its timer and not the task before it', () => {
    const execution = givenMachine(RETRYING);
    execution.start({});
    execution.fail('Busy');
    expect(awaitedEffects(execution.state).map(({ kind }) => kind)).toEqual(['arm-timer']);
  });

  test('a commit folded later gives only what is awaited by then', () => {
    const execution = givenMachine(ONE_TASK);
    expect(tasksOf(execution.start())).toHaveLength(1);
    execution.complete(1);
    const [first] = execution.log;
    if (!first) throw new Error('a commit expected');
    expect(effectsOf(execution.state, first.commit)).toEqual([]);
  });
});
