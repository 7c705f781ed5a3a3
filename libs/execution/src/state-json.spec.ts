import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import type { AnyState } from './any-state.ts';
import type { ExecutionCommandRecord } from './decider.ts';
import { deciderOf, executionDecider } from './deciders.ts';
import { armedTimers, type ExecutionState, initialExecution, openAttempts } from './execution-state.ts';
import { canonicalHash } from './hashes.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { decideRound, type Pending } from './round.ts';
import { FANNING, machine, RETRYING, RICH, task } from './spec/example-machines.ts';
import { completion, ExecutionUnderTest, resolved } from './spec/given-when-then.ts';
import { LockWorld } from './spec/lock-world.ts';
import { ScheduleUnderTest } from './spec/schedule-under-test.ts';
import { machineOf } from './spec/random-machines.ts';
import { stateFromJson, stateToJson } from './state-json.ts';
import { type CommitAt, foldCommit } from './walk.ts';

const hashOf = (state: AnyState): string => canonicalHash(state as unknown as Json); // JSON beside maps that give theirs

/** By way of text, as whoever keeps one does. */
const kept = <S extends AnyState>(state: S): S =>
  stateFromJson<S>(JSON.parse(JSON.stringify(stateToJson(state))) as Json);

/** Whatever is folded after any commit, from a state that was kept there, is what is folded from the first one. */
const expectSameFolds = (log: readonly CommitAt[]): void => {
  const [first] = log;
  if (!first) return;
  let state = deciderOf(first.commit.aggregate).initial(first.commit);
  let other = kept(state);
  for (const logged of log) {
    state = foldCommit(state, logged);
    other = kept(foldCommit(other, logged));
    expect(other).toEqual(state);
    expect(hashOf(other)).toBe(hashOf(state));
  }
};

const LOCKING = machine({ Work: task({ Throughline: { Mutex: ['b', 'a'] } }) });

const move = fc.record({
  what: fc.constantFrom('complete', 'complete', 'fail', 'fire', 'fire', 'pause', 'resume', 'cancel', 'retry'),
  pick: fc.nat(20),
});
const definition = fc.oneof(
  fc.constantFrom(RETRYING, RICH, FANNING),
  fc.array(fc.nat(100), { minLength: 20, maxLength: 60 }).map(machineOf),
);

const tell = (execution: ExecutionUnderTest, { what, pick }: { what: string; pick: number }): void => {
  const attempts = openAttempts(execution.state);
  const token = attempts[pick % Math.max(1, attempts.length)]?.token;
  const timers = armedTimers(execution.state);
  const timer = timers[pick % Math.max(1, timers.length)]?.id;
  if (what === 'complete' && token) execution.complete({ n: pick, items: [1, 2], more: pick > 3 }, token);
  else if (what === 'fail' && token) execution.fail(pick % 2 === 0 ? 'Busy' : 'Hard', 'why', token);
  else if (what === 'fire' && timer) execution.fire(timer);
  else if (what === 'pause') execution.control('PauseExecution');
  else if (what === 'resume') execution.control('ResumeExecution');
  else if (what === 'retry') execution.control('RetryExecution');
  else if (what === 'cancel' && pick === 0) execution.cancel(5_000);
};

const decidedAgain = (from: ExecutionState, { commit }: CommitAt, definition: Json): string => {
  const pending = commit.commands.map(({ at, seed: _seed, events: _events, ...command }) => ({ command, at }));
  // The log of an execution holds commands to it.
  const round = decideRound(executionDecider, from, pending as unknown as readonly Pending<ExecutionCommandRecord>[], {
    commitId: commit.id,
    limits: DEFAULT_LIMITS,
    machineOf: () => resolved(definition),
  });
  return JSON.stringify(round.draft);
};

describe('a state that was kept as JSON', () => {
  test('of an execution: folds on to the same states, and decides to the same bytes', () => {
    fc.assert(
      fc.property(definition, fc.array(move, { maxLength: 25 }), (json, moves) => {
        const execution = new ExecutionUnderTest(resolved(json));
        execution.start({ n: 1, items: [1, 2, 3] });
        for (const one of moves) tell(execution, one);
        expectSameFolds(execution.log);
        let state = initialExecution(execution.state.ref);
        for (const logged of execution.log) {
          const { digest: _digest, ...draft } = logged.commit;
          expect(decidedAgain(kept(state), logged, json)).toBe(JSON.stringify(draft));
          state = foldCommit(state, logged);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('of a lock with a queue, of its holders, of a schedule: folds on to the same states', () => {
    const world = new LockWorld({ one: LOCKING });
    for (const id of ['z', 'y', 'x']) world.start(id, 'one');
    world.deliverAll();
    for (const log of world.logs.values()) expectSameFolds(log);
    const lock = world.lock('a');
    expect([...kept(lock).queue.keys()]).toEqual([...lock.queue.keys()]);
    const schedule = new ScheduleUnderTest();
    schedule.put({ overlap: 'queue_one' });
    schedule.fire(0, { catchUp: 3 });
    schedule.trigger();
    expectSameFolds(schedule.log);
  });

  test('keeps hundreds of iterations and a state of any name', () => {
    const json = machine({
      Each: {
        Type: 'Map',
        ItemProcessor: machine({ ['__proto__']: { Type: 'Pass', Next: 'Work' }, Work: task() }),
        End: true,
      },
    });
    const execution = new ExecutionUnderTest(resolved(json));
    execution.start(Array.from({ length: 300 }, (_, i) => i) as unknown as Json);
    const answer = (count: number) => {
      const tokens = openAttempts(execution.state).slice(0, count);
      execution.whenAll(tokens.map(({ token }) => ({ command: completion(token, token, execution.now) })));
    };
    answer(100);
    expect(execution.state.statesLeft.has('__proto__')).toBe(true);
    expect(kept(execution.state)).toEqual(execution.state);
    answer(200);
    expect(execution.state.status).toBe('succeeded');
    expectSameFolds(execution.log);
  });

  test('that is older than one of its fields has it as a new one has', () => {
    const execution = new ExecutionUnderTest(resolved(RICH));
    execution.start({});
    const { phases: _phases, timers: _timers, ...older } = stateToJson(execution.state);
    expect(stateFromJson<ExecutionState>(older)).toEqual({
      ...execution.state,
      phases: {},
      timers: initialExecution(execution.state.ref).timers,
    });
  });

  test('is of nothing else', () => {
    expect(() => stateFromJson([])).toThrow('not the JSON of a state');
    expect(() => stateFromJson({ ref: { aggregate: 'nothing' } })).toThrow('nothing decides');
  });
});
