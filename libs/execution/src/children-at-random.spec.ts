import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { armedTimers } from './execution-state.ts';
import { canonicalHash } from './hashes.ts';
import { machine, task } from './spec/example-machines.ts';
import { Family } from './spec/family.ts';

const calls = (workflow: string, extra: Readonly<Record<string, Json>> = {}): Json => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::states:startExecution.sync:2',
  Parameters: { StateMachineArn: workflow, 'Input.$': '$' },
  OutputPath: '$.Output',
  ...extra,
});
const WORKFLOWS = {
  grandparent: machine({ Call: { ...(calls('parent') as object), End: true } }),
  parent: machine({
    Both: {
      Type: 'Parallel',
      Branches: [
        machine({
          A: { ...(calls('child', { TimeoutSeconds: 5 }) as object), End: true },
        }),
        machine({ B: { ...(calls('child') as object), End: true } }),
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      Next: 'Done',
    },
    Caught: { Type: 'Pass', Result: 'caught', End: true },
    Done: { Type: 'Pass', Result: 'done', End: true },
  }),
  child: machine({ Work: task() }),
};

/** One thing that happens: which of them depends on what is there when its turn comes. */
const happening = fc.record({
  what: fc.constantFrom('deliver', 'deliver', 'deliver', 'twice', 'lose', 'ask', 'work', 'time', 'cancel'),
  pick: fc.nat(1_000),
});

const openWork = (family: Family): readonly { readonly id: string; readonly token: string }[] =>
  [...family.states.values()].flatMap((state) =>
    [...state.attempts.values()]
      .filter(({ awaits }) => awaits === 'result')
      .map(({ token }) => ({ id: state.ref.aggregateId, token })),
  );

const work = (family: Family, pick: number): void => {
  const open = openWork(family);
  const one = open[pick % open.length];
  if (!one) return;
  const times = { startedAt: family.now, finishedAt: family.now, worker: 'spec' };
  family.tell(one.id, {
    type: 'CompleteStep',
    body: { token: one.token, output: 'worked', outputHash: canonicalHash('worked'), ...times },
  });
};

const passTime = (family: Family): void => {
  const [first] = [...family.states.values()]
    .flatMap((state) => armedTimers(state).map((timer) => ({ state, timer })))
    .sort((a, b) => (a.timer.dueAt < b.timer.dueAt ? -1 : 1));
  if (!first) return;
  if (first.timer.dueAt > family.now) family.now = first.timer.dueAt;
  family.tell(first.state.ref.aggregateId, { type: 'FireTimer', body: { timer: first.timer.id } });
};

const happen = (family: Family, { what, pick }: { what: string; pick: number }): void => {
  const at = pick % Math.max(1, family.sent.length);
  const ids = [...family.states.keys()];
  const id = ids[pick % ids.length] ?? 'g';
  switch (what) {
    case 'deliver':
      return family.deliverAt(at, 'take');
    case 'twice':
      return family.deliverAt(at, 'keep');
    case 'lose':
      family.sent.splice(at, 1);
      return;
    case 'ask':
      return family.awaited(id);
    case 'work':
      return work(family, pick);
    case 'time':
      return passTime(family);
    default:
      // Seldom, so that most runs get somewhere.
      if (pick % 10 === 0) family.tell(id, { type: 'CancelExecution', body: {} });
  }
};

/** What the reconciler does for executions that stand still. */
const reconcile = (family: Family): void => {
  for (const [id, state] of family.states) if (!state.end) family.awaited(id);
  family.deliverAll();
};

/** Children that run for an attempt which no longer waits for them. */
const orphans = (family: Family): readonly string[] =>
  family
    .children()
    .filter(({ start, end }) => {
      const parent = family.state(start?.parentExecutionId ?? '');
      return !end && !parent.attempts.has(start?.parentAttempt?.token ?? '');
    })
    .map(({ ref }) => ref.aggregateId);

describe('whatever order the messages between relatives come in, however often, and whichever are lost', () => {
  test('everybody comes to an end, each attempt has started one child, and nobody runs on for a parent that is gone', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const family = new Family(WORKFLOWS);
        family.start('g', 'grandparent', 1);
        for (const one of happenings) happen(family, one);
        for (let round = 0; round < 4; round += 1) reconcile(family);
        expect(orphans(family)).toEqual([]);
        for (let round = 0; round < 12; round += 1) {
          work(family, round);
          reconcile(family);
        }
        expect([...family.states.values()].filter(({ end }) => !end).map(({ ref }) => ref.aggregateId)).toEqual([]);
        const asked = family
          .children()
          .map(({ start }) => `${start?.parentExecutionId} ${start?.parentAttempt?.token}`);
        expect(new Set(asked).size).toBe(asked.length);
        for (const log of family.logs.values()) {
          const ends = log.flatMap(({ commit }) =>
            commit.events.flatMap((event) =>
              'token' in event && /^Step(Succ|Fail|Timed|Canc)/.test(event.type) ? [event.token] : [],
            ),
          );
          expect(new Set(ends).size).toBe(ends.length);
        }
      }),
      { numRuns: 100 },
    );
  });
});
