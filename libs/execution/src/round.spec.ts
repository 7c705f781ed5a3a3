import { instantSchema, type Json } from '@throughline/contracts';
import { RECENT_COMMANDS_MAX } from './aggregate-state.ts';
import { seedOf } from './hashes.ts';
import { machine, ONE_TASK, task } from './spec/example-machines.ts';
import { codeOf, completion, givenMachine, type Told } from './spec/given-when-then.ts';
import { foldCommit } from './walk.ts';
import { executionDecider } from './deciders.ts';

const cancel: Told = { command: { type: 'CancelExecution', body: {} } };
const start: Told = {
  command: { type: 'StartExecution', body: { workflow: 'example', input: {}, trigger: 'manual' } },
};

describe('a round', () => {
  test('decides its commands in order as one commit, each on the state that the ones before it led to', () => {
    const execution = givenMachine(machine({ A: task({ Next: 'B' }), B: task() }));
    const complete: Told = { command: completion('1.2' as never, 1, execution.now) };
    const { outcomes, state } = execution.whenAll([start, complete, cancel, cancel]);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'accepted', 'accepted', 'refused']);
    expect(state).toMatchObject({ version: 1, status: 'cancelled' });
    expect(execution.log).toHaveLength(1);
    expect(execution.log[0]?.commit.commands.map(({ type, events }) => [type, events])).toEqual([
      ['StartExecution', 3],
      ['CompleteStep', 4],
      ['CancelExecution', 2],
    ]);
  });

  test('a refused command leaves no trace: seeds and tokens are those of the others', () => {
    const execution = givenMachine(ONE_TASK);
    execution.whenAll([cancel, start]);
    const { commit } = execution.log[0] ?? {};
    expect(commit?.commands.map(({ seed }) => seed)).toEqual([seedOf(execution.state.ref, 1, 0)]);
    expect(execution.openToken()).toBe('1.2');
  });

  test('when every command is refused, there is no draft and the state is the same one', () => {
    const execution = givenMachine(ONE_TASK);
    const before = execution.state;
    expect(execution.whenAll([cancel, cancel]).state).toBe(before);
    expect(execution.log).toEqual([]);
  });

  test('one id twice in a round is decided once', () => {
    const execution = givenMachine(ONE_TASK);
    const { outcomes } = execution.whenAll([
      { ...start, id: 'same' },
      { ...start, id: 'same' },
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'accepted', duplicate: false, version: 1 },
      { kind: 'accepted', duplicate: true, version: 1 },
    ]);
  });

  test('time never goes back', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    execution.whenAll([{ ...cancel, at: instantSchema.parse('2020-01-01T00:00:00.000Z') }]);
    expect(execution.log[1]?.commit.commands[0]?.at).toBe('2026-01-31T12:00:00.000Z');
  });

  test('remembers the last 1,000 command ids', () => {
    const execution = givenMachine(machine({ Work: task({ HeartbeatSeconds: 10 }) }));
    execution.start({}, 'first');
    for (let i = 0; i < RECENT_COMMANDS_MAX; i += 1) execution.heartbeat();
    expect(execution.state.recentCommands).toHaveLength(RECENT_COMMANDS_MAX);
    expect(execution.state.recentCommands[0]?.version).toBe(2);
  });

  test('commands beyond the bound of a round are deferred, not lost', () => {
    const execution = givenMachine(machine({ Work: task({ HeartbeatSeconds: 10 }) }), {
      limits: { roundEventsMax: 60 },
    });
    execution.start();
    const beat: Told = { command: { type: 'RecordHeartbeat', body: { token: execution.openToken() } } };
    const { outcomes } = execution.whenAll(Array.from({ length: 20 }, () => beat));
    const kinds = outcomes.map((outcome) => outcome.kind);
    expect(kinds).toHaveLength(20);
    expect(kinds[0]).toBe('accepted');
    expect(kinds[19]).toBe('deferred');
    expect(kinds.lastIndexOf('accepted')).toBe(kinds.indexOf('deferred') - 1);
  });

  test('a number that JSON text cannot say again is refused', () => {
    const execution = givenMachine(ONE_TASK);
    const infinite = JSON.parse('{"n":1e400,"z":null}');
    const body = { workflow: 'example', input: infinite, trigger: 'manual' } as const;
    // The sender's JSON text is what holds it, so it is parsed here and not by the given-when-then round trip.
    const { outcomes } = execution.decideParsed({ type: 'StartExecution', body });
    expect(outcomes).toMatchObject([{ kind: 'refused', refusal: { code: 'TL0001' } }]);
  });

  test('a negative zero is decided on as the zero that the log says', () => {
    const execution = givenMachine(ONE_TASK);
    const body = { workflow: 'example', input: [-0, { a: -0 }], trigger: 'manual' } as const;
    execution.decideParsed({ type: 'StartExecution', body });
    expect(execution.state.start?.input).toStrictEqual([0, { a: 0 }]);
    expect(execution.log[0]?.commit.commands[0]?.body).toMatchObject({ input: [0, { a: 0 }] });
  });

  test.each([300, 5_000, 100_000])('a payload nested %d levels deep is refused, and does not throw', (levels) => {
    const input: Json = JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    const body = { workflow: 'example', input, trigger: 'manual' } as const;
    const { outcomes } = givenMachine(ONE_TASK).decideParsed({ type: 'StartExecution', body });
    expect(outcomes).toMatchObject([{ kind: 'refused', refusal: { code: 'TL0005' } }]);
  });

  test('a result that a commit could not hold in one message is refused, and its step goes on waiting', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    expect(codeOf(execution.complete('x'.repeat(4_000_000)))).toBe('TL0005');
    expect(execution.state.status).toBe('running');
  });

  test('folding refuses a commit that does not follow', () => {
    const execution = givenMachine(ONE_TASK);
    execution.start();
    execution.cancel();
    const [first, second] = execution.log;
    if (!first || !second) throw new Error('two commits expected');
    const initial = executionDecider.initial(execution.state.ref);
    expect(() => foldCommit(initial, second)).toThrow('does not follow');
    expect(() => foldCommit(foldCommit(initial, first), first)).toThrow('does not follow');
  });

  test('whether data is unchanged is told by value: a state folded from the log decides the same bytes', () => {
    const execution = givenMachine(
      machine({
        Part: { Type: 'Pass', OutputPath: '$.a', Next: 'Rest' },
        Rest: { Type: 'Wait', Seconds: 1, Next: 'Whole' },
        // Live, this is the very object that the frame holds; after folding, only an equal one.
        Whole: { Type: 'Pass', InputPath: '$$.Execution.Input.a', End: true },
      }),
    );
    execution.start({ a: { b: [1] } });
    const [first] = execution.log;
    if (!first) throw new Error('a commit expected');
    const live = execution.state;
    const timer = execution.nextTimer();
    const { events } = execution.fire(timer);
    execution.state = foldCommit(executionDecider.initial(live.ref), JSON.parse(JSON.stringify(first)));
    expect(execution.fire(timer).events).toEqual(events);
    expect(events).toContainEqual({ type: 'StateExited', frame: '0', state: 'Whole' });
  });
});
