import { jest } from '@jest/globals';
import { createClient, type ThroughlineClient } from '@throughline/client';
import type { Json, ServiceName } from '@throughline/contracts';
import { eventually, startTestSystem, type TestSystem } from '@throughline/testkit';
import { defineHandler, type RunningWorker, startWorker } from '@throughline/worker-sdk';
import pg from 'pg';
import { z } from 'zod';

jest.setTimeout(180_000);

const step = (handler: string, more: Record<string, Json> = {}): Json => ({
  Type: 'Task',
  Resource: `tl:task:records:${handler}`,
  ...more,
});
const CHILD: Json = { StartAt: 'Only', States: { Only: { Type: 'Pass', Result: { from: 'child' }, End: true } } };
const EVERY_STATE: Json = {
  StartAt: 'Prepare',
  States: {
    Prepare: { Type: 'Pass', Result: { n: 2 }, ResultPath: '$.made', Next: 'Price' },
    Price: step('price', { ResultPath: '$.price', Next: 'Decide' }),
    Decide: { Type: 'Choice', Choices: [{ Variable: '$.made.n', NumericEquals: 2, Next: 'Both' }], Default: 'Done' },
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Left', States: { Left: step('price', { Parameters: { n: 5 }, End: true }) } },
        { StartAt: 'Rest', States: { Rest: { Type: 'Wait', Seconds: 1, End: true } } },
      ],
      ResultPath: '$.both',
      Next: 'Each',
    },
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: { StartAt: 'Item', States: { Item: { Type: 'Pass', End: true } } },
      ResultPath: '$.each',
      Next: 'Paint',
    },
    Paint: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:111111111111:activity:records-paint',
      ResultPath: '$.painted',
      Next: 'Go',
    },
    Go: { Type: 'Task', Resource: 'tl:signal:go', ResultPath: '$.said', Next: 'Start' },
    Start: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Parameters: { StateMachineArn: 'records-child' },
      ResultPath: '$.child',
      Next: 'Break',
    },
    Break: step('break', {
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Done' }],
      End: true,
    }),
    Done: { Type: 'Succeed' },
  },
};
const ONE_STEP: Json = { StartAt: 'Roll', States: { Roll: step('roll', { End: true }) } };

describe('the records of a real system', () => {
  let system: TestSystem;
  let client: ThroughlineClient;
  let worker: RunningWorker;
  let database: pg.Client;
  let id: string;
  let rolls = 0;

  const handlers = [
    defineHandler({
      queue: 'records',
      name: 'price',
      effectClass: 'pure',
      input: z.unknown(),
      output: z.unknown(),
      run: () => ({ total: 4 }),
    }),
    defineHandler({
      queue: 'records',
      name: 'break',
      input: z.unknown(),
      output: z.unknown(),
      run: () => {
        throw new Error('broken');
      },
    }),
    // Says that it is pure, and is not.
    defineHandler({
      queue: 'records',
      name: 'roll',
      effectClass: 'pure',
      input: z.unknown(),
      output: z.unknown(),
      run: () => ({ rolled: (rolls += 1) }),
    }),
  ];

  const settled = (): Promise<unknown> =>
    eventually('everything is projected', async () => {
      const { open, projectionLag } = await client.health();
      const { rows } = await database.query<{ lag: string }>(
        `SELECT max(seq) - min(seq) AS lag FROM (
           SELECT seq FROM orchestrator.projection_checkpoint UNION ALL SELECT seq FROM step_worker.projection_checkpoint
           UNION ALL SELECT seq FROM audit_service.projection_checkpoint) c`,
      );
      return open === 0 && projectionLag === 0 && rows[0]?.lag === '0';
    });

  beforeAll(async () => {
    system = await startTestSystem();
    client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    worker = await startWorker({ natsUrl: system.natsUrl, handlers, name: 'records-worker' });
    database = new pg.Client({ connectionString: system.databaseUrl });
    await database.connect();
    for (const [name, definition] of Object.entries({ records: EVERY_STATE, 'records-child': CHILD, roll: ONE_STEP })) {
      await client.registerWorkflow({ name, definition });
    }
    ({ id } = await client.start('records', { input: { items: [1, 2] }, labels: { team: 'a' } }));
    const task = await client.pollActivity('records-paint', { worker: 'painter' });
    await client.sendTaskSuccess(task?.taskToken ?? '', 'painted');
    await client.signal(id, 'go', { by: 'ada' });
    expect(await client.wait(id)).toMatchObject({ status: 'succeeded' });
    for (let n = 0; n < 2; n += 1) await client.wait((await client.start('roll', { input: { same: true } })).id);
    await client.replay(id);
    await settled();
  });
  afterAll(async () => {
    await worker?.stop();
    await database?.end();
    await system?.remove();
  });

  test('every step that was left has its output, and every attempt all that is to be known of it', async () => {
    const { rows } = await database.query<Record<string, string | null>>(
      `SELECT * FROM throughline.step_executions_with_latest_attempt WHERE tenant = 'default' AND execution_id = $1
        ORDER BY entered_event`,
      [id],
    );
    expect(rows.map((row) => [row['state'], row['status'], row['output'] !== null])).toEqual(
      [
        'Prepare',
        'Price',
        'Decide',
        'Both',
        'Left',
        'Rest',
        'Each',
        'Item',
        'Item',
        'Paint',
        'Go',
        'Start',
        'Break',
        'Done',
      ].map((state) => [state, state === 'Break' ? 'caught' : 'succeeded', true]),
    );
    const told = Object.fromEntries(rows.map((row) => [row['state'], row]));
    expect(told['Price']).toMatchObject({ effect_class: 'pure', deterministic: true, worker: 'records-worker' });
    expect(told['Break']).toMatchObject({ effect_class: 'external', attempt_error: 'States.TaskFailed' });
    expect(told['Paint']).toMatchObject({ effect_class: 'external', worker: 'painter', response: '"painted"' });
    expect(told['Go']).toMatchObject({ effect_class: 'idempotent', response: '{"by":"ada"}' });
    expect(told['Start']).toMatchObject({ effect_class: 'external', handler: 'startExecution' });
    const { items } = await client.attempts(id, { limit: 100 });
    expect(items).toHaveLength(6);
    for (const attempt of items) {
      expect(attempt).toMatchObject({ idempotencyKey: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown });
      expect(attempt.finishedAt).not.toBeNull();
      expect(attempt.responseHash === null).toBe(attempt.status === 'failed');
    }
  });

  test('a handler that declares itself pure and answers one request in two ways is flagged on both attempts', async () => {
    const { items: runs } = await client.list({ workflow: 'roll' });
    expect(runs).toHaveLength(2);
    for (const run of runs) {
      expect((await client.attempts(run.id)).items).toMatchObject([{ effectClass: 'pure', deterministic: false }]);
    }
  });

  test('the timeline tells what happened, in order, and outlives a rebuild of what it reads', async () => {
    const timeline = async (): Promise<readonly string[]> => {
      const { rows } = await database.query<{ line: string }>(
        `SELECT concat_ws(' ', source, what, state) AS line FROM throughline.execution_timeline
          WHERE tenant = 'default' AND execution_id = $1 ORDER BY at, position, frame, token`,
        [id],
      );
      return rows.map(({ line }) => line);
    };
    const before = await timeline();
    expect(before[0]).toBe('execution started');
    expect(before.at(-1)).toBe('execution succeeded');
    expect(before).toEqual(
      expect.arrayContaining(['attempt scheduled Price', 'attempt succeeded Price', 'state caught Break']),
    );
    for (const service of ['orchestrator', 'step-worker', 'audit-service'] as const) {
      const { tables, before: was, after } = await client.rebuild(service);
      expect([...new Set(Object.values(tables))]).toEqual(['equal']);
      expect(was).toEqual(after);
    }
    expect(await timeline()).toEqual(before);
  });

  interface Edit {
    readonly service: ServiceName;
    readonly sql: string;
    readonly names: object;
  }
  const field = (table: string, name: string, more: object = {}): object => ({
    table,
    problem: 'field',
    field: name,
    ...more,
  });
  const EDITS: readonly Edit[] = [
    {
      service: 'orchestrator',
      sql: `UPDATE executions SET status = 'failed' WHERE workflow_name = 'records'`,
      names: field('executions', 'status', { stored: 'failed', folded: 'succeeded' }),
    },
    {
      service: 'orchestrator',
      sql: `UPDATE steps SET output = '{"n":3}' WHERE state = 'Price'`,
      names: field('steps', 'output', { pointer: '/items', stored: 'null', folded: '[1,2]' }),
    },
    {
      service: 'orchestrator',
      sql: `UPDATE execution_tags SET value = 'b' WHERE name = 'label:team'`,
      names: field('execution_tags', 'value', { stored: 'b', folded: 'a' }),
    },
    {
      service: 'orchestrator',
      sql: `DELETE FROM workflows WHERE name = 'roll'`,
      names: { table: 'workflows', problem: 'missing' },
    },
    {
      service: 'orchestrator',
      sql: `INSERT INTO locks VALUES ('default', 'made-up', 'pump', 'free', NULL, 0, '', 1, 1)`,
      names: { table: 'locks', key: { tenant: 'default', id: 'made-up' }, problem: 'unexpected' },
    },
    {
      service: 'step-worker',
      sql: `UPDATE step_attempts SET response = '{"total":5}' WHERE state = 'Left'`,
      names: field('step_attempts', 'response', { pointer: '/total', stored: '5', folded: '4' }),
    },
    {
      service: 'step-worker',
      sql: `UPDATE pure_answers SET diverged = false WHERE diverged`,
      names: field('pure_answers', 'diverged', { stored: 'false', folded: 'true' }),
    },
    {
      service: 'audit-service',
      sql: `UPDATE ledger SET events = '["Nothing"]' WHERE n = 3`,
      names: field('ledger', 'events', { pointer: '/0', stored: '"Nothing"' }),
    },
    {
      service: 'audit-service',
      sql: `UPDATE chain_heads SET hash = 'x'`,
      names: field('chain_heads', 'hash', { stored: 'x' }),
    },
    {
      service: 'audit-service',
      sql: `UPDATE execution_graph SET trigger = 'agent' WHERE workflow = 'records'`,
      names: field('execution_graph', 'trigger', { stored: 'agent', folded: 'manual' }),
    },
    {
      service: 'replay-service',
      sql: `UPDATE replay_sessions SET verdict = 'divergent'`,
      names: field('replay_sessions', 'verdict', { stored: 'divergent', folded: 'identical' }),
    },
  ];

  test.each(['orchestrator', 'step-worker', 'audit-service', 'replay-service'] as const)(
    'each edit by hand in the tables of %s is named, and a rebuild repairs it',
    async (service) => {
      expect(await client.drift(service)).toMatchObject({ complete: true, drift: [] });
      const edits = EDITS.filter((edit) => edit.service === service);
      await database.query(
        `SET session_replication_role = replica; SET search_path TO ${service.replaceAll('-', '_')}`,
      );
      for (const { sql } of edits) await database.query(sql);
      await database.query('RESET search_path; RESET session_replication_role');
      const { drift, truncated } = await client.drift(service);
      expect(truncated).toBe(false);
      expect(drift).toHaveLength(edits.length);
      expect(drift).toEqual(
        expect.arrayContaining(edits.map(({ names }) => expect.objectContaining(names) as unknown)),
      );
      const { tables } = await client.rebuild(service);
      expect(Object.values(tables)).toContain('different');
      expect(await client.drift(service)).toMatchObject({ complete: true, drift: [] });
    },
  );
});
