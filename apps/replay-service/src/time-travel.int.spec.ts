import {
  type ErrorBody,
  executionRef,
  type Json,
  type KeptState,
  type ReadModelDigest,
  type SnapshotList,
  type SnapshotView,
  type StateDiffView,
  type StateView,
} from '@throughline/contracts';
import { connectNats, ensureStreams, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { decidedAt, patchJson } from '@throughline/history';
import { LogAuthor, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { Pool } from 'pg';
import { AppModule } from './app.module.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['replay-service'] });

const DEFINITION = {
  StartAt: 'Pay',
  States: {
    Pay: { Type: 'Task', Resource: 'tl:task:default:pay', ResultPath: '$.paid', HeartbeatSeconds: 600, Next: 'Ship' },
    Ship: { Type: 'Task', Resource: 'tl:task:default:ship', ResultPath: '$.shipped', End: true },
  },
};

describe('an execution as it was, over a real log and a real database', () => {
  let nc: NatsConnection;
  let service: ServiceUnderTest;
  let author: LogAuthor;
  let pool: Pool;

  const get = <T>(path: string, tenant = 'default') => service.json<T>(`/api/v1/executions/${path}`, { tenant });
  const take = (id: string, body: object) =>
    service.json<SnapshotView & ErrorBody>(`/api/v1/executions/${id}/snapshots`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
  const heartbeat = (id: string) =>
    author.tell(executionRef(author.tenant, id), { type: 'RecordHeartbeat', body: { token: '1.2' as never } });

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    author = new LogAuthor(new JetStreamEventLog(nc));
    await author.register('order', DEFINITION);
    await author.start('order', 'long', { input: { order: 1 } });
    for (let i = 0; i < 110; i += 1) await heartbeat('long');
    await author.complete('long', 'card');
    await author.tell(executionRef(author.tenant, 'long'), { type: 'PauseExecution', body: {} });
    service = await startServiceUnderTest('replay-service', servers, { module: AppModule });
    pool = new Pool({ connectionString: servers.databaseUrl });
  }, 120_000);
  afterAll(async () => {
    await pool?.end();
    await service?.close();
    await nc?.close();
  });

  it('is folded from the first commit once, and from a checkpoint afterwards, to the same state', async () => {
    const first = (await get<StateView>('long/state?at=110')).body;
    const second = (await get<StateView>('long/state?at=110')).body;
    expect(first).toMatchObject({ at: 110, of: 113, foldedFrom: 0, replaced: [] });
    expect(second).toEqual({ ...first, foldedFrom: 100 });
    expect((await get<StateView>('long/state?at=60')).body.foldedFrom).toBe(50);
  });

  it('has checkpoints at fixed places, with what was done and what was pending', async () => {
    const { items, replaced } = (await get<SnapshotList>('long/snapshots?type=checkpoint')).body;
    expect(replaced).toEqual([]);
    expect(items.map(({ id, reason, status }) => [id, reason, status])).toEqual([
      ['checkpoint-50.0', 'every_n', 'running'],
      ['checkpoint-100.0', 'every_n', 'running'],
      ['checkpoint-113.0', 'pause', 'paused'],
    ]);
    expect(items[2]?.steps).toMatchObject({ completed: ['Pay'], pending: [{ state: 'Ship' }] });
    const state = (await get<StateView>('long/state?at=100')).body;
    expect([state.foldedFrom, state.stateHash]).toEqual([100, items[1]?.stateHash]);
  });

  it('is the same at a time as at the commit of that time', async () => {
    const log = await new JetStreamEventLog(nc).read(executionRef(author.tenant, 'long'));
    if (log.kind !== 'commits') throw new Error(log.problem);
    const at = decidedAt(log.commits[49]!.commit);
    const then = log.commits.filter(({ commit }) => decidedAt(commit) <= at).length;
    const byTime = (await get<StateView>(`long/state?at=${at}`)).body;
    const byCommit = (await get<StateView>(`long/state?at=${then}`)).body;
    expect(byTime).toEqual(byCommit);
    const zoned = (await get<StateView>(`long/state?at=${encodeURIComponent(at.replace('Z', '+00:00'))}`)).body;
    expect(zoned).toEqual(byCommit);
  });

  it('differs between two commits by a patch that turns the one state into the other', async () => {
    const [from, to] = [(await get<StateView>('long/state?at=111')).body, (await get<StateView>('long/state')).body];
    const diff = (await get<StateDiffView>('long/diff?from=111')).body;
    expect(diff).toMatchObject({
      from: { at: 111, stateHash: from.stateHash },
      to: { at: 113, stateHash: to.stateHash },
    });
    expect(patchJson(from.state, diff.patch)).toEqual({ ok: true, value: to.state });
    expect(diff.patch).toContainEqual({ op: 'replace', path: '/frames/byId/0/state', value: 'Ship' });
    expect((await get<StateDiffView>('long/diff?from=113&to=111')).body.patch).not.toEqual([]);
    expect((await get<StateDiffView>('long/diff?from=5&to=5')).body.patch).toEqual([]);
  });

  it('is kept right before and right after a step when somebody asks', async () => {
    const before = await take('long', { type: 'before_step', state: 'Pay' });
    expect(before).toMatchObject({ status: 201, body: { type: 'before_step', reason: 'requested', version: 0 } });
    const after = (await take('long', { type: 'after_step', state: 'Pay', visit: 1 })).body;
    expect(after).toMatchObject({ type: 'after_step', version: 111, step: { state: 'Pay', frame: '0', visit: 1 } });
    const shown = (await get<KeptState>(`long/snapshots/${after.id}`)).body;
    expect(shown).toMatchObject({
      snapshot: after,
      replaced: [],
      state: { frames: { byId: { 0: { state: 'Pay' } } } },
    });
    const entered = (await get<KeptState>(`long/snapshots/${before.body.id}`)).body.state as { start: Json };
    expect(entered.start).toMatchObject({ input: { order: 1 } });
    const { items } = (await get<SnapshotList>('long/snapshots')).body;
    expect(items.map(({ type }) => type)).toEqual([
      'before_step',
      'checkpoint',
      'checkpoint',
      'after_step',
      'checkpoint',
    ]);
    expect(await take('long', { type: 'before_step', state: 'Pay' })).toEqual(before);
  });

  it.each([
    ['state', `state = replace(state, '"card"', '"cash"')`, 'checkpoint-113.0'],
    ['facts', `facts = replace(facts, '"running"', '"failed"')`, 'checkpoint-50.0'],
    ['hash', `digest = repeat('0', 64)`, 'after_step-111.'],
  ])('has no corrupted snapshot: one whose %s was changed by hand is named and made again', async (_what, set, id) => {
    const whole = (await get<SnapshotList>('long/snapshots')).body.items;
    const wrong = whole.find((item) => item.id.startsWith(id));
    await pool.query(`UPDATE replay_service.snapshots SET ${set} WHERE id = $1`, [wrong?.id]);
    const list = (await get<SnapshotList>('long/snapshots')).body;
    expect(list.replaced.map((replaced) => replaced.id)).toEqual([wrong?.id]);
    expect(list.items).toEqual(whole);
    expect((await get<SnapshotList>('long/snapshots')).body.replaced).toEqual([]);
  });

  it('is right, and says so, where the snapshot that it would be folded from is wrong', async () => {
    const right = (await get<StateView>('long/state?at=110')).body;
    for (const set of [`digest = 'x'`, `state = '{}'`]) {
      await pool.query(`UPDATE replay_service.snapshots SET ${set} WHERE id = 'checkpoint-100.0'`);
      const read = (await get<StateView>('long/state?at=110')).body;
      expect(read).toMatchObject({
        stateHash: right.stateHash,
        foldedFrom: 50,
        replaced: [{ id: 'checkpoint-100.0' }],
      });
      expect((await get<StateView>('long/state?at=110')).body).toEqual(right);
    }
  });

  it('is not folded from a snapshot that is filed under an earlier commit', async () => {
    const right = (await get<StateView>('long/state?at=45')).body;
    await pool.query(`UPDATE replay_service.snapshots SET version = 40 WHERE id = 'checkpoint-100.0'`);
    expect((await get<StateView>('long/state?at=45')).body).toEqual({
      ...right,
      replaced: [{ id: 'checkpoint-100.0', problem: 'it is filed under another commit' }],
    });
    expect((await get<StateView>('long/state?at=110')).body.foldedFrom).toBe(50);
  });

  it('is not folded from a snapshot of another log', async () => {
    const right = (await get<StateView>('long/state?at=110')).body;
    const { rows } = await pool.query<{ facts: string; state: string }>(
      `SELECT facts, state FROM replay_service.snapshots WHERE id = 'checkpoint-100.0'`,
    );
    await pool.query(
      `UPDATE replay_service.snapshots SET facts = $1,
       digest = encode(sha256(convert_to(tenant || E'\\n' || $1 || E'\\n' || state, 'UTF8')), 'hex') WHERE id = 'checkpoint-100.0'`,
      [rows[0]?.facts.replace(/"commitDigest":"[^"]*"/, '"commitDigest":"another"')],
    );
    expect((await get<StateView>('long/state?at=110')).body).toMatchObject({
      stateHash: right.stateHash,
      replaced: [{ id: 'checkpoint-100.0', problem: 'the log has another commit there' }],
    });
  });

  it.each([
    ['long/state?at=114', 400, 'TL0401'],
    ['long/state?at=0', 400, 'TL0401'],
    ['long/state?at=2020-01-01T00:00:00Z', 400, 'TL0401'],
    ['long/state?at=2999-01-01T00:00:00Z', 400, 'TL0410'],
    ['long/state?at=2026-02-30T00:00:00Z', 400, 'TL0001'],
    ['long/state?at=now', 400, 'TL0001'],
    ['long/diff?from=1&to=999', 400, 'TL0401'],
    ['long/diff', 400, 'TL0001'],
    ['nobody/state', 404, 'TL0105'],
    ['nobody/diff?from=1', 404, 'TL0105'],
    ['nobody/snapshots', 404, 'TL0105'],
    ['long/snapshots/checkpoint-7.0', 404, 'TL0004'],
  ])('refuses %s', async (path, status, code) => {
    const { status: actual, body } = await get<ErrorBody>(path);
    expect({ status: actual, code: body.code }).toEqual({ status, code });
  });

  it('refuses what is not there to be kept, and keeps nothing', async () => {
    expect(await take('long', { type: 'before_step', state: 'Refund' })).toMatchObject({
      status: 404,
      body: { code: 'TL0412' },
    });
    expect(await take('long', { type: 'after_step', state: 'Ship' })).toMatchObject({
      status: 404,
      body: { code: 'TL0412' },
    });
    expect(await take('long', { type: 'checkpoint', state: 'Pay' })).toMatchObject({
      status: 400,
      body: { code: 'TL0001' },
    });
    expect(await take('nobody', { type: 'before_step', state: 'Pay' })).toMatchObject({
      status: 404,
      body: { code: 'TL0105' },
    });
  });

  it("is nobody else's: another tenant has no such execution, nor its snapshots", async () => {
    for (const path of ['long/state', 'long/diff?from=1', 'long/snapshots', 'long/snapshots/checkpoint-50.0']) {
      expect(await get<ErrorBody>(path, 'globex')).toMatchObject({ status: 404, body: { code: 'TL0105' } });
    }
  });

  it('keeps its snapshots through a rebuild, whose digests do not speak of them', async () => {
    const rebuilt = await service.json<ReadModelDigest>('/api/v1/read-models/replay-service/rebuild', {
      method: 'POST',
      body: '{}',
    });
    expect(Object.keys(rebuilt.body.tables)).not.toContain('snapshots');
    expect((await get<StateView>('long/state?at=60')).body.foldedFrom).toBe(50);
  });
});
