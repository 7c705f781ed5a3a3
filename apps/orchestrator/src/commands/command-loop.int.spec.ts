import { randomUUID } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  attemptTokenSchema,
  type Command,
  commandIdSchema,
  type CommitDraft,
  dueSubject,
  ERROR_CODES,
  executionRef,
  instantSchema,
  logSubject,
  STREAMS,
  SUBJECT_FILTERS,
} from '@throughline/contracts';
import { encodeCommit } from '@throughline/event-log';
import { connectNats, ensureStreams, type NatsConnection, timerIsThere } from '@throughline/event-log/jetstream';
import { armedTimers, initialExecution, foldCommit, type ExecutionState } from '@throughline/execution';
import { useServers } from '@throughline/testkit';
import { fireTimerOf, Reconciler } from '@throughline/engine';
import { decidingSystem, oneStep, TENANT } from '../spec/deciding-system.ts';

describe('the command loop over a real log', () => {
  const servers = useServers({ postgres: false });
  let nc: NatsConnection;
  let system: ReturnType<typeof decidingSystem>;

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    system = decidingSystem(nc);
    await system.register('one-step', oneStep);
  });
  afterAll(() => nc.close());

  const tasks = async (): Promise<number> => {
    const info = await (
      await jetstreamManager(nc)
    ).streams.info(STREAMS.tasks, { subjects_filter: SUBJECT_FILTERS.tasks });
    return info.state.messages;
  };
  const purgeTasks = async (): Promise<unknown> => (await jetstreamManager(nc)).streams.purge(STREAMS.tasks);
  const stateOf = async (id: string): Promise<ExecutionState> => {
    const ref = executionRef(TENANT, id);
    const read = await system.log.read(ref);
    if (read.kind !== 'commits') throw new Error(read.problem);
    return read.commits.reduce<ExecutionState>(foldCommit, initialExecution(ref));
  };
  const completionOf = (token: string): Command => ({
    type: 'CompleteStep',
    body: {
      token: attemptTokenSchema.parse(token),
      output: { done: true },
      outputHash: '0'.repeat(64),
      startedAt: instantSchema.parse(new Date().toISOString()),
      finishedAt: instantSchema.parse(new Date().toISOString()),
      worker: 'spec',
    },
  });
  const complete = (id: string, token: string, commandId: string = randomUUID()) =>
    system.decide(executionRef(TENANT, id), completionOf(token), commandId);
  const onlyToken = async (id: string): Promise<string> => {
    const [token] = (await stateOf(id)).attempts.keys();
    if (token === undefined) throw new Error('no attempt is open');
    return token;
  };

  test('an accepted start is on the log, and its task and timer are on their streams', async () => {
    await purgeTasks();
    const answer = await system.start('e-start', 'one-step');
    expect(answer).toMatchObject({ outcome: 'accepted', version: 1, duplicate: false });
    const state = await stateOf('e-start');
    expect(state.status).toBe('running');
    expect(await tasks()).toBe(1);
    const [timer] = armedTimers(state);
    expect(timer && (await timerIsThere(nc, state.ref, timer.id))).toBe(true);
  });

  test('a redelivered command brings back the task that is still awaited, and only that', async () => {
    await system.start('e-again', 'one-step');
    // The duplicate window would hide a second publish of the same task: a lost stream forgets it, as here.
    await (await jetstreamManager(nc)).streams.delete(STREAMS.tasks);
    await ensureStreams(nc);
    const again = await system.start('e-again', 'one-step');
    expect(again).toMatchObject({ outcome: 'accepted', version: 1, duplicate: true });
    expect(await tasks()).toBe(1);
    await complete('e-again', await onlyToken('e-again'));
    await purgeTasks();
    await system.start('e-again', 'one-step');
    expect(await tasks()).toBe(0);
  });

  test('the first result counts once; a second one and a late one are refused without a commit', async () => {
    await system.start('e-result', 'one-step');
    const token = await onlyToken('e-result');
    expect(await complete('e-result', token, 'result-1')).toMatchObject({
      outcome: 'accepted',
      version: 2,
      duplicate: false,
    });
    expect(await complete('e-result', token, 'result-1')).toMatchObject({ outcome: 'accepted', duplicate: true });
    expect(await complete('e-result', token, 'result-2')).toMatchObject({ outcome: 'refused' });
    expect((await stateOf('e-result')).version).toBe(2);
  });

  test('one id started by fifty callers at once is one execution with one commit', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => system.start('e-fifty', 'one-step')));
    expect(answers.filter((answer) => answer.outcome === 'accepted' && !answer.duplicate)).toHaveLength(1);
    expect(answers.every((answer) => answer.outcome === 'accepted')).toBe(true);
    expect((await stateOf('e-fifty')).version).toBe(1);
  });

  test('one id with another input is refused with TL0104', async () => {
    await system.start('e-body', 'one-step', { a: 1 });
    const other = decidingSystem(nc);
    const answer = await other.decide(executionRef(TENANT, 'e-body'), {
      type: 'StartExecution',
      body: { workflow: 'one-step', input: { a: 2 }, trigger: 'manual' },
    });
    expect(answer).toMatchObject({ outcome: 'refused', refusal: { code: 'TL0104' } });
  });

  test('an unknown workflow is refused with TL0101 and leaves nothing on the log', async () => {
    expect(await system.start('e-unknown', 'nobody-registered-this')).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'TL0101' },
    });
    expect((await stateOf('e-unknown')).version).toBe(0);
  });

  test('commands that arrive together for one execution become one commit', async () => {
    const [started, cancelled] = await Promise.all([
      system.start('e-together', 'one-step'),
      system.decide(executionRef(TENANT, 'e-together'), { type: 'CancelExecution', body: {} }),
    ]);
    expect(started).toMatchObject({ outcome: 'accepted', version: 1 });
    expect(cancelled).toMatchObject({ outcome: 'accepted', version: 1 });
    expect((await stateOf('e-together')).status).toBe('cancelled');
  });

  test('a loop whose cached state is behind folds again and decides again', async () => {
    const other = decidingSystem(nc);
    await system.start('e-two', 'one-step');
    const token = await onlyToken('e-two');
    expect(
      await other.decide(executionRef(TENANT, 'e-two'), {
        type: 'RecordHeartbeat',
        body: { token: attemptTokenSchema.parse(token) },
      }),
    ).toBeDefined();
    await other.decide(executionRef(TENANT, 'e-two'), { type: 'CancelExecution', body: {} });
    expect(await complete('e-two', token)).toMatchObject({ outcome: 'refused' });
    expect((await stateOf('e-two')).status).toBe('cancelled');
  });

  test('a result is not refused because this process has missed what another one committed', async () => {
    const other = decidingSystem(nc);
    await system.register('two-steps', {
      StartAt: 'First',
      States: {
        First: { Type: 'Task', Resource: 'tl:task:orders:work', Next: 'Second' },
        Second: { Type: 'Task', Resource: 'tl:task:orders:work', End: true },
      },
    });
    await other.start('e-behind', 'two-steps');
    await complete('e-behind', await onlyToken('e-behind'));
    const second = completionOf(await onlyToken('e-behind'));
    // The other loop still holds the state in which the first step was open.
    expect(await other.decide(executionRef(TENANT, 'e-behind'), second)).toMatchObject({ outcome: 'accepted' });
    expect((await stateOf('e-behind')).status).toBe('succeeded');
  });

  test('a command that makes deciding throw is dead at once, and takes no other command along', async () => {
    const ref = executionRef(TENANT, 'e-poison');
    const startAt = (id: string, at: string) => {
      const body = { workflow: 'one-step', input: {}, trigger: 'manual' as const };
      const command = { v: 1 as const, id: commandIdSchema.parse(id), actor: { kind: 'user' as const, id: 'spec' } };
      const received = { ref, command: { ...command, type: 'StartExecution' as const, body } };
      return system.loop.submit({ ...received, at: instantSchema.parse(at) });
    };
    // Its timeout would be due in the year 10000, which no instant can say.
    const poison = startAt('poison', '9999-12-31T23:59:59.000Z');
    const sound = startAt('sound', '2026-01-31T12:00:00.000Z');
    expect(await poison).toMatchObject({ kind: 'dead', code: 'TL0007' });
    expect(await sound).toEqual({ kind: 'done' });
    expect((await stateOf('e-poison')).status).toBe('running');
    expect(system.loop.lanesOpen).toBe(0);
  });

  test.each([
    ['a version', { v: 7 }],
    ['a field', { weight: 3 }],
    ['an event', { events: [{ type: 'ThoughtBetterOf' }] }],
  ])(
    'a commit of a newer build, known by %s: nothing is decided after it, and whoever waits may repeat',
    async (what, newer) => {
      const ref = executionRef(TENANT, `e-newer-${what.slice(-5).trim()}`);
      await system.start(ref.aggregateId, 'one-step');
      const state = await stateOf(ref.aggregateId);
      const read = await system.log.read(ref);
      if (read.kind !== 'commits') throw new Error(read.problem);
      const { digest: _digest, ...first } = read.commits[0]?.commit ?? {};
      // The cast says what the spec is about: no draft of this build looks like that.
      const draft = { ...first, version: 2, prevSeq: state.seq, ...newer } as unknown as CommitDraft;
      const { seq } = await jetstream(nc).publish(logSubject(ref), encodeCommit(draft).bytes);
      const [token = ''] = state.attempts.keys();

      // This loop holds the state before the newer commit, the other one none.
      const loops = [system, decidingSystem(nc)];
      for (const { decide } of loops) {
        expect(await decide(ref, completionOf(token))).toMatchObject({
          outcome: 'refused',
          refusal: { code: 'TL0201' },
        });
      }
      expect(ERROR_CODES.TL0201.status).toBe(503);
      const [timer] = armedTimers(state);
      if (!timer) throw new Error('the step has a timeout');
      const received = fireTimerOf({
        subject: dueSubject(ref, timer.id).replace('tl.due.', 'tl.fired.0.'),
        bytes: Buffer.from(
          JSON.stringify({ v: 1, timer: timer.id, dueAt: timer.dueAt, correlationId: state.correlationId }),
        ),
        storedAtMs: Date.now(),
      });
      expect(received && (await system.loop.submit(received))).toMatchObject({ kind: 'dead', code: 'TL0201' });
      expect(await system.log.last(ref)).toMatchObject({ kind: 'unreadable', seq });
    },
  );

  test('the reconciler brings back tasks and timers of an execution whose queue streams were deleted', async () => {
    await system.start('e-lost', 'one-step');
    const manager = await jetstreamManager(nc);
    for (const stream of [STREAMS.tasks, STREAMS.timers]) await manager.streams.delete(stream);
    await ensureStreams(nc);
    const republished: number[] = [];
    const reconciler = new Reconciler(
      system.queues,
      system.loop,
      // The read model only says where to look; here it says so without a database.
      {
        standingStill: async () => [{ tenant: TENANT, id: 'e-lost', startedAt: '' }],
        deliveringStill: async () => [],
      },
      {
        standingStillMs: 0,
        everyMs: 1_000,
        onRepublished: (_execution, effects) => republished.push(effects),
        onProblem: (problem) => {
          throw new Error(problem);
        },
      },
    );
    await reconciler.tick();
    expect(republished).toEqual([2]);
    expect(await tasks()).toBe(1);
    await reconciler.tick();
    expect(republished).toEqual([2]);
  });
});
