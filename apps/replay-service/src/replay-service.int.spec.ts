import { randomUUID } from 'node:crypto';
import {
  type Actor,
  aggregateIdSchema,
  type CommandAnswer,
  commandIdSchema,
  type ErrorBody,
  executionIdSchema,
  executionRef,
  instantSchema,
  logSubject,
  parseCommandSubject,
  type CompletedReplayView,
  type ReadModelDigest,
  type RebuildReport,
  type ReplayCommand,
  type ReplaySessionView,
  sentCommandSchemas,
} from '@throughline/contracts';
import { encodeCommit } from '@throughline/event-log';
import {
  connectNats,
  createPublisher,
  ensureStreams,
  JetStreamEventLog,
  logPosition,
  type NatsConnection,
} from '@throughline/event-log/jetstream';
import { decideRound, DEFAULT_LIMITS, replayDecider } from '@throughline/execution';
import { eventually, LogAuthor, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { AppModule } from './app.module.ts';
import { replayRef } from './sessions/replay-commands.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['replay-service'] });

const DEFINITION = {
  StartAt: 'Work',
  States: {
    Work: { Type: 'Task', Resource: 'tl:task:default:work', ResultPath: '$.done', Next: 'Rest' },
    Rest: { Type: 'Pass', End: true },
  },
};

/** Decides what the service asks to be recorded, as the orchestrator does, but for one aggregate and without a queue. */
const answerReplayCommands = (nc: NatsConnection, author: LogAuthor): void => {
  nc.subscribe('tl.in.system.*.replay.*', {
    callback: (_error, message) => {
      const parsed = parseCommandSubject(message.subject);
      const sent = sentCommandSchemas.replay.parse(message.json());
      if (!parsed || !sent.replyTo) return;
      const { replyTo, type, body, ...envelope } = sent;
      // Parsed as one of them, which a union of pairs no longer says once they are apart.
      void author.tell(parsed.ref, { type, body } as ReplayCommand, envelope).then(({ commit, seq }) => {
        const { aggregateId, version } = commit;
        const answer: CommandAnswer = {
          v: 1,
          outcome: 'accepted',
          commandId: sent.id,
          aggregateId,
          version,
          seq,
          duplicate: false,
        };
        nc.publish(replyTo, JSON.stringify(answer));
      });
    },
  });
};

describe('the replay service over a real log and a real database', () => {
  let nc: NatsConnection;
  let service: ServiceUnderTest;
  let author: LogAuthor;

  const lastSeq = async (): Promise<number> => (await logPosition(nc)).lastSeq;
  const replay = (id: string, init: RequestInit & { tenant?: string } = {}) =>
    service.json<CompletedReplayView>(`/api/v1/executions/${id}/replay`, { method: 'POST', body: '{}', ...init });

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    author = new LogAuthor(new JetStreamEventLog(nc));
    await author.register('order', DEFINITION);
    await author.start('order', 'done', { input: { order: 1 } });
    await author.complete('done', { ok: true });
    answerReplayCommands(nc, author);
    service = await startServiceUnderTest('replay-service', servers, { module: AppModule });
  }, 120_000);
  afterAll(async () => {
    await service?.close();
    await nc?.close();
  });

  it('answers 201 with an identical verdict for what was decided, once that is on the log', async () => {
    const { status, body } = await replay('done');
    expect(status).toBe(201);
    expect(body).toMatchObject({
      executionId: 'done',
      mode: 'full',
      status: 'completed',
      result: { verdict: 'identical', commits: 2, matchPercent: 100 },
    });
    expect(body.result.events).toBeGreaterThan(4);
  });

  it('shows a session right after its 201, and the same from its row', async () => {
    const { body } = await replay('done');
    const path = `/api/v1/replay-sessions/${body.id}`;
    expect(await service.json(path)).toEqual({ status: 200, body });
    await eventually('the session is projected', async () => {
      const digest = await service.json<ReadModelDigest>('/api/v1/read-models/replay-service/digest');
      return (digest.body.tables['replay_sessions']?.rows ?? 0) >= 2;
    });
    expect(await service.json(path)).toEqual({ status: 200, body });
  });

  it('finds an event that decide would not have made, and names it', async () => {
    const log = new JetStreamEventLog(nc);
    const first = await author.start('order', 'forged', { input: { order: 2 } });
    // A well-formed commit with a right digest, whose only event follows from nothing.
    const { digest: _digest, ...draft } = first.commit;
    const forged = encodeCommit({
      ...draft,
      id: randomUUID(),
      version: 2,
      prevSeq: first.seq,
      commands: [
        {
          ...first.commit.commands[0],
          id: 'forger',
          type: 'CancelExecution',
          body: {},
          events: 1,
          seed: '0'.repeat(32),
        },
      ],
      events: [{ type: 'ExecutionSucceeded' }],
      // The parts are those of an execution's commit.
    } as unknown as typeof draft);
    const publisher = createPublisher(nc, { maxInFlight: 1 });
    await publisher.publish(logSubject(executionRef(author.tenant, 'forged')), forged.bytes);
    expect((await log.read(executionRef(author.tenant, 'forged'))).kind).toBe('commits');
    const { status, body } = await replay('forged');
    expect(status).toBe(201);
    expect(body.result).toMatchObject({
      verdict: 'divergent',
      firstDivergence: { commit: 2, pointer: '/commands/0/seed' },
    });
    expect(body.result.matchPercent).toBeLessThan(100);
    // And it comes back whole from its row.
    await eventually('the session is projected', async () => {
      const digest = await service.json<ReadModelDigest>('/api/v1/read-models/replay-service/digest');
      return (digest.body.tables['replay_sessions']?.rows ?? 0) >= 3;
    });
    expect((await service.json(`/api/v1/replay-sessions/${body.id}`)).body).toEqual(body);
  });

  it('shows the state after any commit with a hash that is the same every time', async () => {
    const state = (at: number) =>
      service.json<{ at: number; of: number; stateHash: string; state: { status: string } }>(
        `/api/v1/executions/done/state?at=${at}`,
      );
    const [one, two, again] = [await state(1), await state(2), await state(2)];
    expect(one.body).toMatchObject({ at: 1, of: 2, state: { status: 'running' } });
    expect(two.body).toMatchObject({ at: 2, of: 2, state: { status: 'succeeded' } });
    expect(two.body.stateHash).toBe(again.body.stateHash);
    expect(two.body.stateHash).not.toBe(one.body.stateHash);
    const latest = await service.json<{ at: number }>('/api/v1/executions/done/state');
    expect(latest.body.at).toBe(2);
  });

  it('refuses a position that is not in the history', async () => {
    const { status, body } = await service.json<ErrorBody>('/api/v1/executions/done/state?at=3');
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'TL0401' });
  });

  it.each([
    ['a mode that it does not have', { mode: 'some' }, 400, 'TL0001'],
    ['from_step without a step', { mode: 'from_step' }, 422, 'TL0403'],
    ['a step without from_step', { fromStep: { state: 'Work' } }, 422, 'TL0403'],
    ['a live verification', { live: true }, 422, 'TL0403'],
    ['a step that was never entered', { mode: 'from_step', fromStep: { state: 'Play' } }, 422, 'TL0405'],
    ['a visit that there never was', { mode: 'from_step', fromStep: { state: 'Work', visit: 2 } }, 422, 'TL0405'],
  ])('refuses %s, and makes no session', async (_what, request, status, code) => {
    const before = await lastSeq();
    expect(await replay('done', { body: JSON.stringify(request) })).toMatchObject({ status, body: { code } });
    expect(await lastSeq()).toBe(before);
  });

  it("answers an unknown execution and another tenant's alike, and records nothing", async () => {
    for (const [id, tenant] of [
      ['nobody', 'default'],
      ['done', 'globex'],
    ] as const) {
      expect(await replay(id, { tenant })).toMatchObject({ status: 404, body: { code: 'TL0105' } });
      const state = await service.json<ErrorBody>(`/api/v1/executions/${id}/state`, { tenant });
      expect(state).toMatchObject({ status: 404, body: { code: 'TL0105' } });
    }
    const session = (await replay('done')).body.id;
    const foreign = await service.json<ErrorBody>(`/api/v1/replay-sessions/${session}`, { tenant: 'globex' });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'TL0004' } });
  });

  it('compares from a step on, and lists the sessions of an execution by what they are', async () => {
    const { status, body } = await replay('done', { body: '{"mode":"from_step","fromStep":{"state":"Rest"}}' });
    expect(status).toBe(201);
    expect(body.result).toMatchObject({
      commits: 1,
      steps: [{ state: 'Work' }, { state: 'Rest', verdict: 'identical' }],
    });
    const listed = async (path: string): Promise<readonly ReplaySessionView[]> =>
      (await service.json<{ items: readonly ReplaySessionView[] }>(path)).body.items;
    await eventually('its end is projected', async () =>
      (await listed('/api/v1/executions/done/replay-sessions?status=completed')).some(({ id }) => id === body.id),
    );
    expect(await listed('/api/v1/executions/done/replay-sessions?limit=1')).toEqual([body]);
    expect(await listed('/api/v1/replay-sessions?executionId=forged&verdict=divergent')).toHaveLength(1);
    expect(await listed('/api/v1/replay-sessions?verdict=identical&executionId=forged')).toEqual([]);
    expect(await listed('/api/v1/replay-sessions?kind=re-execute')).toEqual([]);
  });

  it('replays everything that a tenant has, and names what is divergent', async () => {
    const all = { method: 'POST', body: '{}' };
    const { status, body } = await service.json<CompletedReplayView>('/api/v1/replay-sessions', all);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      scope: 'all',
      executionId: null,
      status: 'completed',
      result: {
        verdict: 'divergent',
        log: { aggregates: { execution: { total: 2, identical: 1 } }, divergent: [{ id: 'forged' }] },
      },
    });
    const others = await service.json<CompletedReplayView>('/api/v1/replay-sessions', { ...all, tenant: 'globex' });
    expect(others.body.result).toMatchObject({ verdict: 'identical' });
    expect(others.body.result.log?.aggregates.execution).toBeUndefined();
  });

  it('takes up a session that a process left behind in the middle', async () => {
    const ref = replayRef(author.tenant, aggregateIdSchema.parse('left-behind'));
    const longAgo = instantSchema.parse('2026-01-31T12:00:00.000Z');
    const actor: Actor = { kind: 'user', id: 'ann' };
    const executionId = executionIdSchema.parse('done');
    const request = { scope: 'execution', executionId, kind: 'verify', mode: 'full' } as const;
    const round = decideRound(
      replayDecider,
      replayDecider.initial(ref),
      [
        { at: longAgo, command: { id: commandIdSchema.parse('one'), actor, type: 'RequestReplay', body: request } },
        {
          at: longAgo,
          command: { id: commandIdSchema.parse('two'), actor, type: 'BeginReplay', body: { runner: 'gone' } },
        },
      ],
      { commitId: commandIdSchema.parse(randomUUID()), limits: DEFAULT_LIMITS, machineOf: () => undefined },
    );
    if (!round.draft) throw new Error('refused');
    await new JetStreamEventLog(nc).append([round.draft]);
    const session = await eventually('it is completed', async () => {
      const { body } = await service.json<ReplaySessionView>('/api/v1/replay-sessions/left-behind');
      return body.status === 'completed' && body;
    });
    expect(session).toMatchObject({ attempts: 2, at: longAgo, by: actor, result: { verdict: 'identical' } });
  });

  it('is rebuilt from the log to the same digest', async () => {
    const path = '/api/v1/read-models/replay-service';
    await eventually('the ends of all sessions of the tenant are projected', async () => {
      const { body } = await service.json<{ items: ReplaySessionView[] }>('/api/v1/replay-sessions');
      return body.items.length === 7 && body.items.every(({ status }) => status === 'completed');
    });
    await eventually("and the other tenant's", async () => {
      const { body } = await service.json<{ items: object[] }>('/api/v1/replay-sessions?status=completed', {
        tenant: 'globex',
      });
      return body.items.length === 1;
    });
    const rebuilt = await service.json<RebuildReport>(`${path}/rebuild`, { method: 'POST', body: '{"batchSize":2}' });
    expect(rebuilt.body.tables).toEqual({ replay_sessions: 'equal' });
  });
});
