import fc from 'fast-check';
import { commitSchema, ERROR_CODES, isTerminal, type Json } from '@throughline/contracts';
import type { ExecutionCommandRecord } from './decider.ts';
import { executionDecider } from './deciders.ts';
import { armedTimers, type ExecutionState, openAttempts } from './execution-state.ts';
import { canonicalHash } from './hashes.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { progressOf } from './progress.ts';
import { decideRound, type Pending } from './round.ts';
import { FANNING, LOOP_FOREVER, NUMBERS, ONE_TASK, RETRYING, RICH } from './spec/example-machines.ts';
import { completion, type ExecutionUnderTest, givenMachine, resolved, type Told } from './spec/given-when-then.ts';
import { type CommitAt, foldCommit, walkCommit } from './walk.ts';

/** What a random sender does next; `pick` chooses among what is open. */
type Move = { readonly kind: string; readonly pick: number; readonly value: Json };

const moves = fc.array(
  fc.array(
    fc.record({
      kind: fc.constantFrom(
        'start',
        'complete',
        'complete',
        'fail',
        'beat',
        'fire',
        'fire',
        'continue',
        'cancel',
        'stale',
      ),
      pick: fc.nat({ max: 8 }),
      value: fc.oneof(
        fc.constantFrom<Json>({ more: true }, { more: false }, { id: 7, reason: 'late' }, 'text', null),
        fc.constantFrom<Json>(-0, [-0, { a: -0 }], Number.MAX_VALUE, -Number.MIN_VALUE, 1e-7, 1e21),
        fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 20 },
);

const machines = fc.constantFrom(ONE_TASK, RETRYING, RICH, LOOP_FOREVER, FANNING, NUMBERS);
const ERRORS = ['Busy', 'States.Timeout', 'Other', 'States.Runtime'];
const times = {
  startedAt: '2026-01-31T12:00:00.000Z',
  finishedAt: '2026-01-31T12:00:00.000Z',
  worker: 'spec',
} as never;

const toldBy = (execution: ExecutionUnderTest, { kind, pick, value }: Move, first: boolean): Told => {
  const attempts = openAttempts(execution.state);
  const token = attempts[pick % Math.max(1, attempts.length)]?.token ?? ('1.2' as never);
  const timers = armedTimers(execution.state);
  const timer = timers[pick % Math.max(1, timers.length)];
  if (first) kind = 'start';
  switch (kind) {
    case 'start':
      return { command: { type: 'StartExecution', body: { workflow: 'example', input: value, trigger: 'manual' } } };
    case 'complete':
      return { command: completion(token, value, execution.now) };
    case 'fail':
      return {
        command: {
          type: 'FailStep',
          body: { token, error: ERRORS[pick % 4] ?? '', cause: 'why', ...(times as object) } as never,
        },
      };
    case 'beat':
      execution.later(pick * 700);
      return { command: { type: 'RecordHeartbeat', body: { token } } };
    case 'fire':
      // Mostly when due, now and then too early.
      if (timer && pick > 1 && timer.dueAt > execution.now) execution.now = timer.dueAt;
      return { command: { type: 'FireTimer', body: { timer: timer?.id ?? ('9-9' as never) } } };
    case 'continue':
      return { command: { type: 'ContinueExecution', body: {} } };
    case 'cancel':
      return pick === 0
        ? { command: { type: 'CancelExecution', body: {} } }
        : { command: completion(token, value, execution.now) };
    default:
      return { command: completion('1.9999' as never, value, execution.now) };
  }
};

const LIMITS = { roundEventsMax: 80, continuationsWithoutProgressMax: 4 };
const played = (definition: Json, rounds: readonly (readonly Move[])[]) => {
  const execution = givenMachine(definition, { limits: LIMITS });
  const outcomes = rounds.flatMap((round, i) => [
    ...execution.whenAll(round.map((move, j) => toldBy(execution, move, i === 0 && j === 0))).outcomes,
  ]);
  return { execution, outcomes };
};

const folded = (execution: ExecutionUnderTest): ExecutionState =>
  execution.log.reduce<ExecutionState>(foldCommit, executionDecider.initial(execution.state.ref));

const textDecidedAgain = (definition: Json, state: ExecutionState, { commit }: CommitAt): string => {
  const pending = commit.commands.map(({ at, seed: _seed, events: _events, ...command }) => ({ command, at }));
  // The cast says what the log of an execution holds: commands to it.
  const round = decideRound(executionDecider, state, pending as unknown as readonly Pending<ExecutionCommandRecord>[], {
    commitId: commit.id,
    limits: { ...DEFAULT_LIMITS, ...LIMITS },
    machineOf: () => resolved(definition),
  });
  return JSON.stringify(round.draft);
};

describe('any sequence of commands', () => {
  test('folds, commit by commit, to the state that its rounds returned', () => {
    fc.assert(
      fc.property(machines, moves, (definition, rounds) => {
        const { execution } = played(definition, rounds);
        expect(folded(execution)).toEqual(execution.state);
        expect(canonicalHash(folded(execution) as never)).toBe(canonicalHash(execution.state as never));
      }),
      { numRuns: 150 },
    );
  });

  test('decided again from the text of the log gives the text of the log', () => {
    fc.assert(
      fc.property(machines, moves, (definition, rounds) => {
        const { execution } = played(definition, rounds);
        let state: ExecutionState = executionDecider.initial(execution.state.ref);
        for (const logged of execution.log) {
          const { digest: _digest, ...draft } = logged.commit;
          expect(textDecidedAgain(definition, state, logged)).toBe(JSON.stringify(draft));
          state = foldCommit(state, logged);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('decided twice gives identical bytes', () => {
    fc.assert(
      fc.property(machines, moves, (definition, rounds) => {
        const once = played(definition, rounds).execution.log;
        const twice = played(definition, rounds).execution.log;
        expect(JSON.stringify(twice)).toBe(JSON.stringify(once));
      }),
      { numRuns: 60 },
    );
  });

  test('is answered by values: a refusal has a known code', () => {
    fc.assert(
      fc.property(machines, moves, (definition, rounds) => {
        for (const outcome of played(definition, rounds).outcomes) {
          if (outcome.kind === 'refused') expect(Object.keys(ERROR_CODES)).toContain(outcome.refusal.code);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('makes commits whose bytes survive being read: keys stand in the order of the schema', () => {
    fc.assert(
      fc.property(machines, moves, (definition, rounds) => {
        for (const { commit } of played(definition, rounds).execution.log) {
          expect(JSON.stringify(commitSchema.parse(JSON.parse(JSON.stringify(commit))))).toBe(JSON.stringify(commit));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('leaves what has not ended waiting for something that will come', () => {
    fc.assert(
      fc.property(machines, moves, (definition, rounds) => {
        const { execution } = played(definition, rounds);
        for (const { commit } of execution.log) {
          for (const { type, events } of commit.commands) expect([type, events]).not.toEqual(['ContinueExecution', 0]);
        }
        const { status, attempts, timers, continuation } = execution.state;
        if (status === 'none' || isTerminal(status as never)) return;
        expect(attempts.size + timers.size + (continuation ? 1 : 0)).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  });

  test('leaves nothing open behind an end, and never turns progress back', () => {
    fc.assert(
      fc.property(machines, moves, (definition, rounds) => {
        const { execution } = played(definition, rounds);
        if (isTerminal(execution.state.status as never)) {
          expect(execution.state).toMatchObject({ attempts: {}, timers: {}, continuation: null });
        }
        let percent = 0;
        let state = executionDecider.initial(execution.state.ref);
        for (const logged of execution.log) {
          state = walkCommit(state, logged, ({ after }) => {
            const now = progressOf(after).percent;
            expect(now).toBeGreaterThanOrEqual(percent);
            expect(now === 100).toBe(isTerminal(after.status));
            percent = now;
          });
        }
      }),
      { numRuns: 60 },
    );
  });
});
