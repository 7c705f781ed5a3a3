import type {
  AuditRecordView,
  AuditVerification,
  CorrelationChainView,
  ErrorBody,
  LineageView,
  ReadModelDigest,
  RebuildReport,
} from '@throughline/contracts';
import { connectNats, ensureStreams, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { eventually, LogAuthor, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import pg from 'pg';
import { AppModule } from './app.module.ts';

const ONE_STEP = { StartAt: 'Work', States: { Work: { Type: 'Task', Resource: 'tl:task:default:work', End: true } } };

type Page = { readonly items: readonly AuditRecordView[]; readonly nextCursor: string | null };

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['audit-service'] });

describe('the audit service over a real log and a real database', () => {
  let nc: NatsConnection;
  let service: ServiceUnderTest;
  let superuser: pg.Client;
  let acme: LogAuthor;
  let globex: LogAuthor;

  const verify = async (tenant = 'default'): Promise<AuditVerification> =>
    (await service.json<AuditVerification>('/api/v1/audit/verify', { tenant })).body;

  /** Edits as only a superuser can, with the triggers off, and puts the row back afterwards. */
  const withEdited = async (n: number, set: string, check: () => Promise<void>): Promise<void> => {
    await superuser.query('SET session_replication_role = replica');
    await superuser.query(`CREATE TEMP TABLE kept AS SELECT * FROM ledger WHERE tenant = 'default' AND n = ${n}`);
    try {
      await superuser.query(set);
      await check();
    } finally {
      await superuser.query(
        `DELETE FROM ledger WHERE tenant = 'default' AND n >= ${n} AND seq = (SELECT seq FROM kept)`,
      );
      await superuser.query('INSERT INTO ledger SELECT * FROM kept');
      await superuser.query('DROP TABLE kept');
      await superuser.query('SET session_replication_role = origin');
    }
    expect((await verify()).verdict).toBe('intact');
  };

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    const log = new JetStreamEventLog(nc);
    acme = new LogAuthor(log, 'default');
    globex = new LogAuthor(log, 'globex');
    for (const author of [acme, globex]) await author.register('order', ONE_STEP);
    await acme.start('order', 'root', { correlationId: 'order-7' });
    await globex.start('order', 'foreign');
    const child = { parentExecutionId: 'root', rootExecutionId: 'root', correlationId: 'order-7' };
    await acme.start('order', 'left', child);
    await acme.start('order', 'right', child);
    await acme.start('order', 'leaf', { ...child, parentExecutionId: 'left' });
    await acme.complete('root', { ok: true });
    await acme.cancel('right');
    service = await startServiceUnderTest('audit-service', servers, { module: AppModule });
    superuser = new pg.Client({ connectionString: servers.databaseUrl });
    await superuser.connect();
    await superuser.query('SET search_path TO audit_service');
  }, 120_000);
  afterAll(async () => {
    await superuser?.end();
    await service?.close();
    await nc?.close();
  });

  it('chains every commit of every aggregate per tenant, and finds both chains intact', async () => {
    expect(await verify()).toMatchObject({ verdict: 'intact', rows: 7, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await verify('globex')).toMatchObject({ verdict: 'intact', rows: 2 });
  });

  it('lists the rows of an execution by version, in pages', async () => {
    const first = await service.json<Page>('/api/v1/executions/root/audit?limit=1');
    expect(first.body.items).toMatchObject([
      {
        version: 1,
        aggregate: 'execution',
        actors: ['user:spec'],
        commands: ['StartExecution'],
        correlationId: 'order-7',
      },
    ]);
    const second = await service.json<Page>(`/api/v1/executions/root/audit?limit=1&cursor=${first.body.nextCursor}`);
    expect(second.body.items).toMatchObject([{ version: 2, commands: ['CompleteStep'] }]);
    expect(second.body.items[0]?.events).toContain('ExecutionSucceeded');
    expect(second.body.nextCursor).toBeNull();
  });

  it('answers a cursor that it never gave out as the mistake it is, and one of an unknown execution as unknown', async () => {
    for (const cursor of ['9999999999', '2147483648', 'x', '0']) {
      const answer = await service.json(`/api/v1/executions/root/audit?cursor=${cursor}`);
      expect([cursor, answer.status, answer.body]).toMatchObject([cursor, 400, { code: 'TL0001' }]);
    }
    const unknown = await service.json('/api/v1/executions/nobody/audit?cursor=1');
    expect([unknown.status, unknown.body]).toMatchObject([404, { code: 'TL0105' }]);
  });

  it("shows an execution's events as the log has them and as AWS does, to its tenant only", async () => {
    const types = async (path: string, tenant = 'default') => {
      const answer = await service.json<{ items?: readonly { type: string }[]; code?: string }>(path, { tenant });
      return [answer.status, answer.body.items?.map(({ type }) => type) ?? answer.body.code];
    };
    const started = ['ExecutionStarted', 'StateEntered', 'StepScheduled'];
    expect(await types('/api/v1/executions/leaf/history')).toEqual([200, started]);
    const aws = ['ExecutionStarted', 'TaskStateEntered', 'TaskScheduled', 'TaskStarted'];
    expect(await types('/api/v1/executions/leaf/history?format=aws')).toEqual([200, aws]);
    expect(await types('/api/v1/executions/leaf/history?format=aws&limit=1&cursor=2')).toEqual([200, [aws[2]]]);
    expect(await types('/api/v1/executions/leaf/history?cursor=x')).toEqual([400, 'TL0001']);
    expect(await types('/api/v1/executions/leaf/history', 'globex')).toEqual([404, 'TL0105']);
  });

  it('has the database itself refuse UPDATE, DELETE and TRUNCATE, also of no row at all', async () => {
    for (const statement of [
      `UPDATE ledger SET actors = '[]' WHERE n = 1`,
      'UPDATE ledger SET n = n WHERE false',
      'DELETE FROM ledger WHERE n = 1',
      'TRUNCATE ledger',
    ]) {
      await expect(superuser.query(statement)).rejects.toThrow('the ledger is append-only');
    }
    expect((await verify()).verdict).toBe('intact');
  });

  it('names a row that a superuser edited by hand', async () => {
    await withEdited(3, `UPDATE ledger SET actors = '["user:nobody"]' WHERE tenant = 'default' AND n = 3`, async () => {
      expect(await verify()).toMatchObject({
        verdict: 'broken',
        rows: 2,
        firstBad: { n: 3, seq: expect.any(Number), aggregateId: 'left', problem: expect.stringContaining('actors') },
      });
      expect((await verify('globex')).verdict).toBe('intact');
    });
  });

  it('names a row that was taken out, from the middle and from the end', async () => {
    await withEdited(4, `DELETE FROM ledger WHERE tenant = 'default' AND n = 4`, async () => {
      expect((await verify()).firstBad).toMatchObject({ n: 4, aggregateId: 'right' });
    });
    await withEdited(7, `DELETE FROM ledger WHERE tenant = 'default' AND n = 7`, async () => {
      expect((await verify()).firstBad).toMatchObject({
        n: 7,
        aggregateId: 'right',
        problem: expect.stringContaining('missing'),
      });
    });
  });

  it('names a row that was made up, behind the end of the log as well as before the first row', async () => {
    const made = (n: number, seq: number): string =>
      `INSERT INTO ledger SELECT tenant, ${n}, ${seq}, aggregate, aggregate_id, version + 1000, at, actors, commands, events,
         correlation_id, commit_hash, hash, hash FROM ledger WHERE tenant = 'default' AND n = 7`;
    const unmade = `DELETE FROM ledger WHERE tenant = 'default' AND version > 1000`;
    for (const [n, seq] of [
      [8, 1_000_000],
      [0, 1_000_000],
      [-1, -1],
    ] as const) {
      await withEdited(7, made(n, seq), async () => {
        expect(await verify()).toMatchObject({ verdict: 'broken' });
        await superuser.query(unmade);
      });
    }
  });

  it('names rows that were cut off although head and checkpoint were set back with them', async () => {
    const kept = await superuser.query<{ n: string; seq: string; hash: string; to: string }>(
      `SELECT n, chain_heads.seq, hash, checkpoint.seq AS to FROM chain_heads, projection_checkpoint AS checkpoint
       WHERE tenant = 'default'`,
    );
    const cut = `DELETE FROM ledger WHERE tenant = 'default' AND n = 7;
      UPDATE chain_heads SET (n, seq, hash) = (SELECT n, seq, hash FROM ledger WHERE tenant = 'default' ORDER BY n DESC LIMIT 1)
       WHERE tenant = 'default';
      UPDATE projection_checkpoint SET seq = (SELECT max(seq) FROM ledger)`;
    await withEdited(7, cut, async () => {
      expect((await verify()).firstBad).toMatchObject({ n: 7, aggregateId: 'right' });
      const { n, seq, hash, to } = kept.rows[0] ?? {};
      await superuser.query(`UPDATE chain_heads SET n = $1, seq = $2, hash = $3 WHERE tenant = 'default'`, [
        n,
        seq,
        hash,
      ]);
      await superuser.query('UPDATE projection_checkpoint SET seq = $1', [to]);
    });
  });

  it('answers ancestors, descendants and siblings with their status', async () => {
    const { body } = await service.json<LineageView>('/api/v1/executions/left/lineage');
    expect(body).toMatchObject({
      execution: {
        id: 'left',
        workflow: 'order',
        trigger: 'child',
        status: 'running',
        traceId: '0af7651916cd43dd8448eb211c80319c',
      },
      root: 'root',
      ancestors: [{ id: 'root', status: 'succeeded', depth: 1, endedAt: expect.stringMatching(/^\d{4}-/) }],
      descendants: [{ id: 'leaf', depth: 1, endedAt: null }],
      siblings: [{ id: 'right', status: 'cancelled', endedAt: expect.stringMatching(/^\d{4}-/) }],
    });
    const near = await service.json<LineageView>('/api/v1/executions/root/lineage?depth=1');
    expect(near.body.descendants.map(({ id }) => id)).toEqual(['left', 'right']);
  });

  it('answers a correlation chain by start, and an empty one for an id that nobody uses', async () => {
    const { body } = await service.json<CorrelationChainView>('/api/v1/executions/correlation/order-7');
    expect(body).toMatchObject({ root: 'root', count: 4 });
    expect(body.executions.map(({ id }) => id)).toEqual(['root', 'left', 'right', 'leaf']);
    const nobody = await service.json<CorrelationChainView>('/api/v1/executions/correlation/nobody');
    expect(nobody).toMatchObject({ status: 200, body: { root: null, count: 0, executions: [] } });
  });

  it("answers another tenant's execution as if it did not exist", async () => {
    for (const route of ['audit', 'lineage']) {
      const { status, body } = await service.json<ErrorBody>(`/api/v1/executions/foreign/${route}`);
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'TL0105' });
    }
    const { body } = await service.json<CorrelationChainView>('/api/v1/executions/correlation/order-7', {
      tenant: 'globex',
    });
    expect(body.count).toBe(0);
  });

  it('never answers 404 for an execution that started a moment ago', async () => {
    for (let i = 0; i < 20; i += 1) {
      await acme.start('order', `fresh-${i}`);
      const answers = await Promise.all(
        ['lineage', 'audit'].map((route) => service.request(`/api/v1/executions/fresh-${i}/${route}`)),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    }
  });

  it('is rebuilt from the log to the same digest, with the ledger as guarded as before', async () => {
    const before = await eventually('the projection has caught up', async () => {
      const { body } = await service.json<ReadModelDigest>('/api/v1/read-models/audit-service/digest');
      return body.tables['ledger']?.rows === 29 && body;
    });
    const { status, body: rebuilt } = await service.json<RebuildReport>('/api/v1/read-models/audit-service/rebuild', {
      method: 'POST',
      body: JSON.stringify({ batchSize: 3 }),
    });
    expect(status).toBe(200);
    expect(rebuilt.after.tables).toEqual(before.tables);
    await expect(superuser.query('TRUNCATE ledger')).rejects.toThrow('the ledger is append-only');
    await acme.start('order', 'after-the-rebuild');
    expect(await verify()).toMatchObject({ verdict: 'intact', rows: 28 });
  });
});
