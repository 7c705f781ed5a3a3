import { type Json, tenantSchema } from '@throughline/contracts';
import { type EventLog, InMemoryEventLog, type LoggedCommit } from '@throughline/event-log';
import { completion, type ExecutionUnderTest, givenMachine } from '@throughline/execution/given-when-then';
import { createPool, digestReadModel, type ProjectedRecord } from '@throughline/projections';
import { jsonHash } from '@throughline/worker-sdk';
import { useServers } from '@throughline/testkit';
import type { Pool } from 'pg';
import { AttemptReads } from './attempt-reads.ts';
import { attemptsReadModel } from './attempts-projection.ts';
import { openPrisma, type PrismaClient } from './database.ts';

const servers = useServers({ nats: false, migrate: ['step-worker'] });
const tenant = tenantSchema.parse('default');

const work = (next: string | undefined, extra: Record<string, string | number> = {}) => ({
  Type: 'Task',
  Resource: 'tl:task:orders:price',
  Throughline: { EffectClass: 'pure' },
  Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 2, IntervalSeconds: 1 }],
  ...(next === undefined ? { End: true } : { Next: next }),
  ...extra,
});
const TWO_STEPS = { StartAt: 'Price', States: { Price: work('Ship'), Ship: work(undefined, { TimeoutSeconds: 9 }) } };

/** Price: fails once, then succeeds. Ship: as `end` has it. */
const runOrder = (id: string, end: (order: ExecutionUnderTest) => void): ExecutionUnderTest => {
  const order = givenMachine(TWO_STEPS, { id });
  order.start({ amount: 2 });
  order.later(100).fail('Busy', 'come\u0000back');
  order.fire();
  order.complete({ total: 4 });
  end(order.later(50));
  return order;
};

const handledOrder = (id: string, output: Json): ExecutionUnderTest => {
  const order = givenMachine(
    { StartAt: 'Tag', States: { Tag: { Type: 'Task', Resource: 'tl:task:orders:tag', End: true } } },
    { id },
  );
  order.start({ amount: 2 });
  order.complete(output, undefined, undefined, { effectClass: 'pure' });
  return order;
};

const recordsOf = (orders: readonly ExecutionUnderTest[]): ProjectedRecord[] =>
  orders.flatMap((order) =>
    order.log.map((logged) => ({ ...logged, storedAt: '2026-01-31T12:00:00.000Z', bytes: new Uint8Array() })),
  );

/** The part of the log that a read of one execution needs. */
const logOf = (orders: readonly ExecutionUnderTest[]): EventLog => {
  const log = new InMemoryEventLog();
  log.read = (ref, { fromSeq = 0, toVersion = Number.MAX_SAFE_INTEGER } = {}) => {
    const commits: LoggedCommit[] = recordsOf(orders).filter(
      ({ commit, seq }) => commit.aggregateId === ref.aggregateId && seq >= fromSeq && commit.version <= toVersion,
    );
    return Promise.resolve({ kind: 'commits', commits });
  };
  return log;
};

describe('the projection of step attempts', () => {
  let pool: Pool;
  let prisma: PrismaClient;
  const orders = [
    runOrder('order-1', (order) => order.complete({ label: 'a' })),
    runOrder('order-2', (order) => order.fire()),
    runOrder('order-3', (order) => order.cancel()),
    // The same request as order-1's, another answer: the step is not pure.
    runOrder('order-4', (order) => order.when(completion(order.openToken(), { label: 'b' }, order.now))),
    runOrder('order-5', () => undefined),
    // Nothing but the handler says that it is pure; the second one answers otherwise.
    handledOrder('order-6', { label: 'a' }),
    handledOrder('order-7', { label: 'b' }),
  ];

  beforeAll(() => {
    pool = createPool({ databaseUrl: servers.databaseUrl, name: 'spec' });
    prisma = openPrisma(pool);
  });
  afterAll(async () => {
    await prisma.$disconnect();
    await pool.end();
  });

  const project = async (batchSize: number, times = 1): Promise<void> => {
    const client = await pool.connect();
    try {
      await client.query('SET search_path TO step_worker; TRUNCATE step_attempts, pure_answers');
      const projection = attemptsReadModel.createProjection(logOf(orders));
      const records = recordsOf(orders);
      for (let from = 0; from < records.length; from += batchSize) {
        for (let time = 0; time < times; time += 1) {
          const write = await projection.prepare(records.slice(from, from + batchSize));
          await write({ query: async (text, values) => client.query(text, values && [...values]) });
        }
      }
    } finally {
      await client.query('RESET search_path');
      client.release();
    }
  };
  const reads = (): AttemptReads => new AttemptReads(prisma, logOf(orders));
  const attemptsOf = async (id: string) => (await reads().list(tenant, id, { limit: 100 }))?.items ?? [];

  it('every attempt has a row with its request, end, answer and times', async () => {
    await project(1_000);
    const [failed, succeeded, shipped] = await attemptsOf('order-1');
    expect(failed).toMatchObject({
      state: 'Price',
      attempt: 1,
      status: 'failed',
      error: 'Busy',
      cause: 'come\ufffdback',
      request: { amount: 2 },
      responseHash: null,
      worker: 'spec',
      scheduledAt: '2026-01-31T12:00:00.000Z',
      finishedAt: '2026-01-31T12:00:00.100Z',
    });
    expect(succeeded).toMatchObject({
      attempt: 2,
      status: 'succeeded',
      response: { total: 4 },
      responseHash: jsonHash({ total: 4 }),
      idempotencyKey: failed?.idempotencyKey,
    });
    expect(shipped).toMatchObject({ state: 'Ship', status: 'succeeded', effectClass: 'pure' });
  });

  it('attempts that time out, are cancelled, or are still open say so', async () => {
    await project(3);
    const last = async (id: string) => (await attemptsOf(id)).at(-1);
    expect(await last('order-2')).toMatchObject({ status: 'timed_out', error: 'States.Timeout', startedAt: null });
    expect(await last('order-3')).toMatchObject({ status: 'cancelled', error: null });
    expect(await last('order-5')).toMatchObject({ status: 'scheduled', finishedAt: null });
  });

  it('a pure step that answered one request in two ways is not deterministic', async () => {
    await project(2);
    const flags = async (id: string) =>
      (await attemptsOf(id)).map(({ state, deterministic }) => [state, deterministic]);
    expect(await flags('order-1')).toEqual([
      ['Price', true],
      ['Price', true],
      ['Ship', false],
    ]);
  });

  it('a handler that declares itself pure and answers one request with two hashes is flagged on both attempts', async () => {
    await project(2);
    for (const id of ['order-6', 'order-7']) {
      expect(await attemptsOf(id)).toMatchObject([{ state: 'Tag', effectClass: 'pure', deterministic: false }]);
    }
  });

  it('any batch size, and batches applied twice, lead to the same rows', async () => {
    const digests = [];
    for (const [batchSize, times] of [
      [1, 1],
      [4, 1],
      [1_000, 1],
      [3, 2],
    ] as const) {
      await project(batchSize, times);
      digests.push((await digestReadModel(pool, attemptsReadModel)).tables);
    }
    expect(digests[0]?.['step_attempts']?.rows).toBe(17);
    for (const digest of digests.slice(1)) expect(digest).toEqual(digests[0]);
  });

  it('an execution whose rows are not there yet is folded from the log, to the same answer', async () => {
    await project(1_000);
    const projected = await attemptsOf('order-2');
    await pool.query('TRUNCATE step_worker.step_attempts');
    expect(await attemptsOf('order-2')).toEqual(projected);
    expect(
      await new AttemptReads(prisma, new InMemoryEventLog()).list(tenant, 'order-9', { limit: 5 }),
    ).toBeUndefined();
  });

  it('pages go from token to token', async () => {
    await project(1_000);
    const first = await reads().list(tenant, 'order-1', { limit: 2 });
    expect(first?.items).toHaveLength(2);
    const second = await reads().list(tenant, 'order-1', { limit: 2, cursor: first?.nextCursor ?? undefined });
    expect(second).toMatchObject({ items: [{ state: 'Ship' }], nextCursor: null });
    await expect(reads().list(tenant, 'order-1', { limit: 2, cursor: 'x' })).rejects.toMatchObject({ code: 'TL0001' });
  });
});
