import { jest } from '@jest/globals';
import { createClient, type ThroughlineClient } from '@throughline/client';
import { executionRef, type Json, tenantSchema } from '@throughline/contracts';
import { connectNats, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { lockRef } from '@throughline/execution';
import { resolved } from '@throughline/execution/given-when-then';
import { verify } from '@throughline/history';
import { eventually, startTestSystem, type TestSystem } from '@throughline/testkit';
import { FakeAssets } from './fake-assets.ts';

jest.setTimeout(300_000);

const EXECUTIONS = 1_000;
const ASSETS = Array.from({ length: 10 }, (_, i) => `pump/${i}`);
const WORK_MS = 10;
const TENANT = tenantSchema.parse('default');

const workOn = (url: string, mutex: Readonly<Record<string, Json>>): Json => ({
  StartAt: 'Work',
  States: {
    Work: {
      Type: 'Task',
      Resource: 'arn:aws:states:::http:invoke',
      Parameters: {
        'ApiEndpoint.$': `States.Format('${url}/assets/{}', $.path)`,
        Method: 'POST',
        RequestBody: { 'execution.$': '$$.Execution.Id' },
      },
      Throughline: { EffectClass: 'idempotent', ...mutex },
      // A killed worker's step is tried again by another attempt; what is left of the first one the asset turns away.
      TimeoutSeconds: 6,
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 30 }],
      End: true,
    },
  },
});

describe('a mutex on real processes', () => {
  let system: TestSystem;
  let client: ThroughlineClient;
  let nc: NatsConnection;
  let assets: FakeAssets;

  beforeAll(async () => {
    system = await startTestSystem({
      services: ['orchestrator', 'step-worker'],
      env: { THROUGHLINE_STANDING_STILL_SECONDS: '3' },
    });
    client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    nc = await connectNats({ url: system.natsUrl, name: 'spec' });
  });
  beforeEach(async () => {
    assets = await FakeAssets.start(WORK_MS);
  });
  afterEach(() => assets?.stop());
  afterAll(async () => {
    await nc?.close();
    await system?.remove();
  });

  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  /** Starts them a hundred at a time; resolves with their ids when all starts are acknowledged. */
  const start = async (workflow: string, count: number): Promise<readonly string[]> => {
    const ids = Array.from({ length: count }, (_, i) => `${workflow}-${i}`);
    const left = [...ids.entries()];
    const next = async (): Promise<void> => {
      for (let entry = left.shift(); entry; entry = left.shift()) {
        const [i, executionId] = entry;
        const asset = ASSETS[i % ASSETS.length] ?? '';
        const input = { asset, path: encodeURIComponent(asset) };
        // Repeated under one id until it is acknowledged, however long the orchestrator is away. The schema checks the id.
        await eventually(
          `the start of ${executionId} is acknowledged`,
          () => client.start(workflow, { executionId: executionId as never, input }),
          { timeoutMs: 120_000, everyMs: 250 },
        );
      }
    };
    await Promise.all(Array.from({ length: 100 }, next));
    return ids;
  };

  const allEnded = (count: number, workflow: string): Promise<unknown> =>
    eventually(
      `all ${count} executions of ${workflow} succeed`,
      async () => {
        const { executionsByStatus } = await client.stats();
        return (executionsByStatus['succeeded'] ?? 0) >= count;
      },
      { timeoutMs: 200_000, everyMs: 500 },
    );

  test('1,000 executions contend for 10 assets under kill -9 of orchestrator and worker: no two overlap, all end', async () => {
    const definition = workOn(assets.url, { 'Mutex.$': '$.asset' });
    await client.registerWorkflow({ name: 'contend', definition });
    const starting = start('contend', EXECUTIONS);
    for (const name of ['orchestrator', 'step-worker', 'orchestrator', 'step-worker']) {
      await pause(1_500);
      const victim = system.processes.get(name);
      if (!victim) throw new Error(`${name} is not running`);
      await victim.kill('SIGKILL');
      await victim.restart();
    }
    const ids = await starting;
    await allEnded(EXECUTIONS, 'contend');

    expect(assets.overlaps).toEqual([]);
    for (const asset of ASSETS) {
      const tokens = assets.admitted.get(asset) ?? [];
      expect(tokens.length).toBeGreaterThanOrEqual(EXECUTIONS / ASSETS.length);
      expect(Math.min(...tokens)).toBeGreaterThan(0);
      expect([...tokens].sort((a, b) => a - b)).toEqual(tokens);
    }

    await eventually('every lock is free again', async () => {
      const { items } = await client.locks.list({ limit: 100 });
      return items.length === ASSETS.length && items.every(({ status, waiting }) => status === 'free' && waiting === 0);
    });

    const log = new JetStreamEventLog(nc);
    const machine = resolved(definition, 'contend');
    for (const ref of [
      ...ASSETS.map((asset) => lockRef(TENANT, asset)),
      ...ids.map((id) => executionRef(TENANT, id)),
    ]) {
      const read = await log.read(ref);
      if (read.kind === 'unreadable') throw new Error(read.problem);
      const verdict = verify(read.commits, () => machine);
      expect({ id: ref.aggregateId, ...verdict }).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    }
    log.close();
  });

  test('without the mutex the same assets see overlaps: the check above can fail', async () => {
    const before = (await client.stats()).executionsByStatus['succeeded'] ?? 0;
    await client.registerWorkflow({ name: 'free-for-all', definition: workOn(assets.url, {}) });
    await start('free-for-all', 100);
    await allEnded(before + 100, 'free-for-all');
    expect(assets.overlaps.length).toBeGreaterThan(0);
  });
});
