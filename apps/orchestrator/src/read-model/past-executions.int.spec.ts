import { executionRef, type ExecutionView, type Json, type JsonObject } from '@throughline/contracts';
import { connectNats, ensureStreams, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { startProjection, type RunningProjection } from '@throughline/projections';
import { LogAuthor, useServers } from '@throughline/testkit';
import { Pool } from 'pg';
import { openPrisma, type PrismaClient } from './database.ts';
import { orchestratorReadModel } from './orchestrator-projection.ts';
import { PastExecutions } from './past-executions.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['orchestrator'] });

const WORK: Json = { StartAt: 'Work', States: { Work: { Type: 'Task', Resource: 'tl:task:orders:work', End: true } } };

describe('the list of executions as it was', () => {
  let nc: NatsConnection;
  let pool: Pool;
  let prisma: PrismaClient;
  let projection: RunningProjection;
  let author: LogAuthor;
  let past: PastExecutions;
  /** Sequence of the log before anything ended. */
  let then: number;

  const note = (id: string, labels: JsonObject) =>
    author.tell(executionRef(author.tenant, id), { type: 'AnnotateExecution', body: { labels } as never });

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    const log = new JetStreamEventLog(nc);
    author = new LogAuthor(log);
    await author.register('work', WORK);
    for (let i = 0; i < 120; i += 1) await author.start('work', `e${i}`);
    then = (await note('e7', { owner: 'ada' })).seq;
    await note('e7', { owner: 'grace' });
    for (let i = 0; i < 115; i += 1) await author.complete(`e${i}`, 'done');
    const { seq } = await author.start('work', 'later');
    pool = new Pool({ connectionString: servers.databaseUrl });
    prisma = openPrisma(pool);
    projection = startProjection({ pool, nc, projection: orchestratorReadModel.createProjection(log) });
    expect(await projection.caughtUpTo(seq, 30_000)).toBe(true);
    past = new PastExecutions(prisma, log, nc);
  }, 120_000);
  afterAll(async () => {
    await projection?.stop();
    await prisma?.$disconnect();
    await pool?.end();
    await nc?.close();
  });

  const pagesOf = async (more: { status?: 'running' | 'succeeded'; tags?: [string, string][] }) => {
    const pages: ExecutionView[][] = [];
    for (let cursor: string | undefined; ;) {
      const filters = { tags: [], limit: 500, ...more, ...(cursor === undefined ? {} : { cursor }) };
      const page = await past.list(author.tenant, { kind: 'seq', seq: then }, filters);
      pages.push(page.items);
      if (page.nextCursor === null) return pages;
      cursor = page.nextCursor;
    }
  };

  it('folds what has changed since, a bounded number a page, and leaves nothing out over its pages', async () => {
    const pages = await pagesOf({ status: 'running' });
    expect(pages.length).toBeGreaterThan(1);
    const all = pages.flat();
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set(Array.from({ length: 120 }, (_, i) => `e${i}`)));
    expect(all).toHaveLength(120);
    expect(new Set(all.map(({ status, version }) => `${status} ${version}`))).toEqual(
      new Set(['running 1', 'running 2']),
    );
    expect((await pagesOf({ status: 'succeeded' })).flat()).toEqual([]);
  });

  it('filters by what labels were', async () => {
    const of = async (owner: string) => (await pagesOf({ tags: [['label:owner', owner]] })).flat().map(({ id }) => id);
    expect(await of('ada')).toEqual(['e7']);
    expect(await of('grace')).toEqual([]);
  });

  it('has nothing before the first execution', async () => {
    expect(await past.list(author.tenant, { kind: 'seq', seq: 0 }, { tags: [], limit: 5 })).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});
