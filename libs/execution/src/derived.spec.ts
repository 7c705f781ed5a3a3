import type { Json, RecordOrigin, StartExecution } from '@throughline/contracts';
import { canonicalHash } from './hashes.ts';
import {
  codeOf,
  ExecutionUnderTest,
  givenMachine,
  resolved,
  START_AT,
  tasksOf,
  typesOf,
} from './spec/given-when-then.ts';
import { machine, task } from './spec/example-machines.ts';
import { stateToJson } from './state-json.ts';

const TWO_STEPS = machine({
  Ask: task({ Next: 'Act' }),
  Act: task({ Throughline: { EffectClass: 'external' }, ResultPath: '$.acted', Next: 'Rest' }),
  Rest: { Type: 'Wait', Seconds: 3_600, Next: 'Tell' },
  Tell: task({ Throughline: { EffectClass: 'pure' } }),
});
const ALL_RECORDED = { pure: 'record', idempotent: 'record', external: 'record' } as const;

/** Of an original that stands where it stands. */
const originOf = (original: ExecutionUnderTest, more: Partial<RecordOrigin> = {}): RecordOrigin => {
  const { frames } = stateToJson(original.state);
  const { statesLeft, historyEventId } = original.state;
  return {
    executionId: 'exec-1' as RecordOrigin['executionId'],
    at: original.state.version,
    name: 'exec-1',
    startedAt: START_AT,
    answeredBy: ALL_RECORDED,
    unanswered: 'review',
    base: { frames: frames ?? null, statesLeft: [...statesLeft.keys()], historyEventId },
    ...more,
  };
};
const afresh = (more: Partial<RecordOrigin> = {}): RecordOrigin => {
  const { base: _base, ...origin } = originOf(givenMachine(TWO_STEPS), { at: 0, unanswered: 'fail', ...more });
  return origin;
};

const derived = (
  origin: RecordOrigin,
  definition: Json = TWO_STEPS,
  start: Partial<StartExecution> = {},
): ExecutionUnderTest => {
  const execution = new ExecutionUnderTest(resolved(definition), { id: 'exec-2' });
  execution.later(86_400_000).start({ id: 7 }, undefined, { trigger: 'fork', origin, ...start });
  return execution;
};

const says = (execution: ExecutionUnderTest, output: Json) => {
  const answer = { token: execution.openToken(), source: '2.4' as never, output, outputHash: canonicalHash(output) };
  return execution.when({ type: 'AnswerFromRecord', body: { how: 'succeeded', ...answer } });
};
const knowsNothing = (execution: ExecutionUnderTest) =>
  execution.when({
    type: 'AnswerFromRecord',
    body: { how: 'not-at-all', token: execution.openToken(), why: 'never-called' },
  });

describe('an execution that is made of the record of another', () => {
  test('asks the record, and nobody else, as the same attempt of the same execution', () => {
    const original = givenMachine(TWO_STEPS);
    const [asked] = tasksOf(original.start({ id: 7 }));
    const execution = derived(afresh(), TWO_STEPS);
    const then = execution.log[0];
    expect(then?.commit.events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'OriginAdopted',
      'StateEntered',
      'StepScheduled',
    ]);
    const [task] = execution.state.attempts.values();
    expect(task).toMatchObject({ awaits: 'record', attempt: 1, idempotencyKey: asked?.idempotencyKey, timers: [] });
  });

  test('publishes its questions to the queue that only the record answers', () => {
    const execution = derived(afresh());
    const [question] = tasksOf(says(execution, { order: 1 }));
    expect(question).toMatchObject({
      state: 'Act',
      queue: 'tl-record',
      input: { order: 1 },
      record: { executionId: 'exec-1', at: 0, visit: 1 },
    });
  });

  test('does not wait again for what has been waited for, and ends as its answers say', () => {
    const execution = derived(afresh());
    says(execution, { order: 1 });
    expect(typesOf(says(execution, 'done'))).not.toContain('TimerArmed');
    expect(says(execution, 'told').state).toMatchObject({ status: 'succeeded', end: { output: 'told' } });
  });

  test('ends where the record has no answer and nobody may be asked', () => {
    const execution = derived(afresh());
    const then = knowsNothing(execution);
    expect(then.state).toMatchObject({ status: 'failed', end: { error: 'Throughline.NoRecordedAnswer' } });
  });

  test('runs the classes of steps that it was told to run, under the keys of the original', () => {
    const execution = derived(afresh({ answeredBy: { ...ALL_RECORDED, pure: 'worker' } }));
    says(execution, { order: 1 });
    const [run] = tasksOf(says(execution, 'done'));
    const original = givenMachine(TWO_STEPS);
    original.start({ id: 7 });
    original.complete({ order: 1 });
    original.complete('done');
    expect(run).toMatchObject({ state: 'Tell', queue: 'default' });
    expect(run).toMatchObject({ idempotencyKey: tasksOf(original.fire())[0]?.idempotencyKey });
    expect(execution.complete('told').state.status).toBe('succeeded');
  });

  test('takes no result for a step that the record answers', () => {
    const execution = derived(afresh());
    expect(codeOf(execution.complete('forged'))).toBe('TL0107');
    const ordinary = givenMachine(TWO_STEPS);
    ordinary.start();
    expect(codeOf(says(ordinary, 'forged'))).toBe('TL0107');
  });

  test('fails a step as the original did, and retries it at once', () => {
    const retrying = machine({ Work: task({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 600 }] }) });
    const execution = derived(afresh(), retrying);
    const body = { how: 'failed' as const, token: execution.openToken(), source: '1.2' as never, error: 'Busy' };
    const then = execution.when({ type: 'AnswerFromRecord', body });
    expect(then.events).toMatchObject([
      { type: 'StepFailed' },
      { type: 'RetryScheduled', delayMs: 600_000 },
      { type: 'TimerArmed', dueAt: execution.now },
    ]);
    expect(tasksOf(execution.fire())).toMatchObject([{ attempt: 2, queue: 'tl-record' }]);
  });

  test('asks for no agreement and takes no lock as long as nothing is done outside', () => {
    const careful = machine(
      { Work: task({ Throughline: { Mutex: 'pump' } }) },
      { Throughline: { Approval: { Required: 1, Roles: ['lead'] } } },
    );
    const execution = derived(afresh(), careful);
    expect(execution.state).toMatchObject({ status: 'running', locks: null });
    const live = derived(afresh({ answeredBy: { pure: 'worker', idempotent: 'worker', external: 'worker' } }), careful);
    expect(live.state.status).toBe('awaiting_approval');
  });
});

describe('a fork', () => {
  const half = (): ExecutionUnderTest => {
    const original = givenMachine(TWO_STEPS);
    original.start({ id: 7 });
    original.complete({ order: 1 });
    return original;
  };

  test('goes on with the very attempt that the original was at', () => {
    const execution = derived(originOf(half()));
    expect([...execution.state.attempts.values()]).toMatchObject([
      { state: 'Act', visit: 1, attempt: 1, awaits: 'record', input: { order: 1 } },
    ]);
    expect([...execution.state.statesLeft.keys()]).toEqual(['Ask']);
  });

  test('waits for a review before its first step that the record does not answer, and is live from there on', () => {
    const execution = derived(originOf(half()));
    const then = knowsNothing(execution);
    expect(typesOf(then)).toEqual(['StepReleased', 'ReviewRequested']);
    expect(then.state).toMatchObject({ status: 'needs_review', derived: { isLive: true } });
    const [run] = tasksOf(execution.control('ResumeExecution'));
    expect(run).toMatchObject({ state: 'Act', attempt: 1, queue: 'default' });
    expect(run?.record).toBeUndefined();
    expect(execution.complete('done').state.status).toBe('waiting');
  });

  test('that may run its steps does so from the first that the record does not answer, under keys of its own', () => {
    const original = half();
    const execution = derived(originOf(original, { unanswered: 'go-live' }));
    const then = knowsNothing(execution);
    expect(typesOf(then)).toEqual(['StepReleased', 'StepScheduled']);
    const [run] = tasksOf(then);
    expect(run).toMatchObject({ state: 'Act', queue: 'default' });
    expect(run?.idempotencyKey).not.toBe([...original.state.attempts.values()][0]?.idempotencyKey);
  });

  test('is refused where the other definition does not have the state that it is in', () => {
    const execution = new ExecutionUnderTest(resolved(machine({ Ask: task() })), { id: 'exec-2' });
    const then = execution.start({ id: 7 }, undefined, { trigger: 'fork', origin: originOf(half()) });
    expect(codeOf(then)).toBe('TL0417');
    expect(execution.log).toEqual([]);
  });

  test('is the same start only if it goes on from the same place', () => {
    const execution = derived(originOf(half()));
    const again = (origin: RecordOrigin) => execution.start({ id: 7 }, 'again', { trigger: 'fork', origin });
    expect(codeOf(again(originOf(half(), { unanswered: 'go-live' })))).toBe('TL0104');
    expect(again(originOf(half())).outcomes).toMatchObject([{ kind: 'accepted', duplicate: true }]);
  });

  test('goes on in every branch where it stood', () => {
    const both = machine({
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Left', States: { Left: task({ Next: 'Then' }), Then: task() } },
          { StartAt: 'Right', States: { Right: task() } },
        ],
        End: true,
      },
    });
    const original = givenMachine(both);
    original.start({ id: 7 });
    original.complete('left');
    const execution = derived(originOf(original), both);
    expect([...execution.state.attempts.values()].map(({ state, input }) => [state, input])).toEqual([
      ['Then', 'left'],
      ['Right', { id: 7 }],
    ]);
    says(execution, 'then');
    expect(says(execution, 'right').state).toMatchObject({ status: 'succeeded', end: { output: ['then', 'right'] } });
  });
});
