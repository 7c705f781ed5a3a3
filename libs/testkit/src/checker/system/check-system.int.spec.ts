import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { taskSubject, tenantSchema, timerSubject } from '@throughline/contracts';
import {
  connectNats,
  createPublisher,
  ensureStreams,
  JetStreamEventLog,
  type NatsConnection,
  type Publisher,
} from '@throughline/event-log/jetstream';
import { lockRef } from '@throughline/execution';
import { createPool } from '@throughline/projections';
import type { Pool } from 'pg';
import { LogAuthor } from '../../log-author.ts';
import { useServers } from '../../servers.ts';
import type { CheckReport, PromiseName } from '../promise-table.ts';
import { checkSystem, type SystemToCheck } from './check-system.ts';
import { CheckpointWatch } from './checkpoint-watch.ts';

const servers = useServers({ migrate: ['orchestrator', 'audit-service'] });
const TENANT = tenantSchema.parse('default');
const DEFINITION = {
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: 'tl:task:default:work', End: true } },
};

let nc: NatsConnection;
let pool: Pool;
let log: JetStreamEventLog;
let author: LogAuthor;
let publisher: Publisher;
let service: Server;
/** What a service answers that compares its rows, and the one of the ledger. */
let answers: { drift: readonly object[]; verdict: string };
let commits = 0;

const violated = ({ promises }: CheckReport): readonly PromiseName[] =>
  promises.filter(({ violations }) => violations > 0).map(({ promise }) => promise);
const check = (more: Partial<SystemToCheck> = {}): Promise<CheckReport> =>
  checkSystem({ natsUrl: servers.natsUrl, databaseUrl: servers.databaseUrl, livenessMs: 0, lagMs: 0, ...more });

const executionRow = (id: string, status: string, version: number, tenant = 'default'): Promise<unknown> =>
  pool.query(
    `INSERT INTO orchestrator.executions (tenant, id, workflow_name, workflow_version, status, progress, trigger, correlation_id,
       root_execution_id, labels, started_at, updated_at, version, seq, input, run_state)
     VALUES ($1, $2, 'order', 1, $3, 0, 'manual', $2, $2, '{}', '', '', $4, 1, '{}', '{}')`,
    [tenant, id, status, version],
  );
/** A ledger with so many entries, and checkpoints that have read so far. */
const ledgerAndCheckpoints = async (entries: number, seq: number): Promise<void> => {
  await pool.query('DELETE FROM orchestrator.projection_checkpoint; DELETE FROM audit_service.projection_checkpoint');
  for (const schema of ['orchestrator', 'audit_service']) {
    await pool.query(`INSERT INTO ${schema}.projection_checkpoint VALUES ('log', 'TL_LOG', 'then', $1)`, [seq]);
  }
  const { rows } = await pool.query<{ n: string }>('SELECT count(*) AS n FROM audit_service.ledger');
  for (let n = Number(rows[0]?.n ?? 0) + 1; n <= entries; n += 1) {
    await pool.query(
      `INSERT INTO audit_service.ledger VALUES ('default', $1, $1, 'execution', $2, 1, '', '[]', '[]', '[]', '', '', '', '')`,
      [n, `x${n}`],
    );
  }
};
const inTransaction = async (sql: string, look: () => Promise<void>): Promise<void> => {
  const [change, undo] = sql.split(' // ');
  await pool.query(change ?? '');
  await look().finally(() => pool.query(undo ?? ''));
};

beforeAll(async () => {
  nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
  await ensureStreams(nc);
  publisher = createPublisher(nc, { maxInFlight: 1 });
  log = new JetStreamEventLog(nc);
  pool = createPool({ databaseUrl: servers.databaseUrl, name: 'spec' });
  author = new LogAuthor(log);
  await author.register('order', DEFINITION);
  await author.start('order', 'done');
  commits = (await author.complete('done', 1)).seq;
  await executionRow('done', 'succeeded', 2);
  await ledgerAndCheckpoints(commits, commits);
  service = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const isAudit = request.url?.includes('/audit/') ?? false;
    const report = {
      service: 's',
      complete: true,
      foldedSeq: 3,
      servingSeq: 3,
      commits: 3,
      truncated: false,
      undecided: 0,
      nextCursor: null,
    };
    response.end(
      JSON.stringify(
        isAudit
          ? { verdict: answers.verdict, rows: 3, head: null }
          : { ...report, tables: { executions: { rows: 1, drifted: 0 } }, drift: answers.drift },
      ),
    );
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
}, 120_000);
beforeEach(() => {
  answers = { drift: [], verdict: 'intact' };
});
afterAll(async () => {
  await new Promise((resolve) => service.close(resolve));
  log.close();
  await pool.end();
  await nc.close();
});

const served = (): Partial<SystemToCheck> => {
  // It listens on a port.
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  return { serviceUrls: { orchestrator: url, 'audit-service': url }, apiKey: 'k' };
};

describe('a system that is as its log says', () => {
  it('violates nothing, and shows what was looked at', async () => {
    const report = await check(served());
    expect(violated(report)).toEqual([]);
    expect(report.promises.map(({ promise }) => promise)).toEqual(
      expect.arrayContaining(['chain', 'decides', 'tenant', 'rows', 'lag', 'audit', 'liveness']),
    );
  });

  it('lacks what a client was told, where that is not on the log', async () => {
    const acknowledged = [{ kind: 'start', tenant: 'default', executionId: 'lost' }] as const;
    expect(violated(await check({ acknowledged }))).toEqual(['acknowledged']);
  });
});

describe('a read model in which', () => {
  it.each([
    [
      'a row says another status',
      `UPDATE orchestrator.executions SET status = 'failed' // UPDATE orchestrator.executions SET status = 'succeeded'`,
      ['rows'],
    ],
    [
      'a row is missing',
      `UPDATE orchestrator.executions SET id = 'gone' // UPDATE orchestrator.executions SET id = 'done'`,
      ['tenant'],
    ],
    [
      "a row is another tenant's",
      `UPDATE orchestrator.executions SET tenant = 'globex' // UPDATE orchestrator.executions SET tenant = 'default'`,
      ['tenant'],
    ],
    [
      'a projection is behind',
      `UPDATE orchestrator.projection_checkpoint SET seq = 1 // UPDATE orchestrator.projection_checkpoint SET seq = 3`,
      ['lag'],
    ],
  ])('%s shows', async (_what, sql, expected) => {
    await inTransaction(sql, async () => expect(violated(await check())).toEqual(expected));
  });

  it('the ledger lacks an entry shows', async () => {
    const { seq } = await author.register('other', DEFINITION);
    await ledgerAndCheckpoints(commits, seq);
    expect(violated(await check())).toEqual(['audit']);
    commits = seq;
    await ledgerAndCheckpoints(commits, seq);
    expect(violated(await check())).toEqual([]);
  });

  it('a service finds that a row is not the fold shows, and a chain that is broken', async () => {
    answers = {
      drift: [{ table: 'executions', key: { id: 'done' }, problem: 'field', field: 'status' }],
      verdict: 'broken',
    };
    const report = await check(served());
    expect(violated(report)).toEqual(['rows', 'audit']);
    expect(report.promises.flatMap(({ named }) => named)).toContainEqual({
      promise: 'rows',
      where: 'orchestrator.executions {"id":"done"}',
      problem: 'field status',
    });
  });

  it('nobody answers for shows', async () => {
    const serviceUrls = { orchestrator: 'http://127.0.0.1:1' };
    expect(violated(await check({ serviceUrls, apiKey: 'k' }))).toEqual(['rows']);
  });

  it('a checkpoint goes back shows', async () => {
    const checkpoints = new CheckpointWatch(servers.databaseUrl);
    await checkpoints.look();
    await inTransaction(
      `UPDATE audit_service.projection_checkpoint SET seq = 1 // UPDATE audit_service.projection_checkpoint SET seq = ${commits}`,
      () => checkpoints.look(),
    );
    expect(violated(await check({ checkpoints }))).toEqual(['checkpoints']);
    await checkpoints.stop();
  });
});

describe('queues in which', () => {
  const purge = (stream: string): Promise<unknown> => nc.request(`$JS.API.STREAM.PURGE.${stream}`, '');
  const queue = 'default' as Parameters<typeof taskSubject>[0]; // a subject token
  const task = (more: object): string =>
    JSON.stringify({ tenant: 'default', executionId: 'done', token: '1.2', ...more });

  it('a late task lies of a step that has ended is fine', async () => {
    await publisher.publish(taskSubject(queue, 'normal', TENANT), task({}));
    expect(violated(await check())).toEqual([]);
    await purge('TL_TASKS');
  });

  it.each([
    ['nobody has heard of', task({ executionId: 'nobody' })],
    ['its execution has not scheduled yet', task({ token: '9.0' })],
    ['is no task at all', 'no task'],
  ])('a task lies that %s shows', async (_what, bytes) => {
    await publisher.publish(taskSubject(queue, 'normal', TENANT), bytes);
    expect(violated(await check())).toEqual(['queues']);
    await purge('TL_TASKS');
  });

  it('a timer is armed that nothing on the log has armed shows', async () => {
    const ref = { ...lockRef(TENANT, 'nobody'), aggregate: 'execution' as const };
    await publisher.publish(timerSubject(ref, '1-0' as Parameters<typeof timerSubject>[1]), '{}', {
      headers: {
        'Nats-Schedule': '@at 2099-01-01T00:00:00Z',
        'Nats-Schedule-Target': 'tl.due.default.execution.nobody.1-0',
      },
    });
    expect(violated(await check())).toEqual(['queues']);
    await purge('TL_TIMERS');
  });
});

describe('a log on which', () => {
  it('an execution waits for a task that is in no queue shows, once its time is up', async () => {
    const { seq } = await author.start('order', 'open');
    commits = seq;
    await executionRow('open', 'running', 1);
    await ledgerAndCheckpoints(commits, seq);
    expect(violated(await check({ livenessMs: 600 }))).toEqual(['liveness']);
  });
});
