import { jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient, everyItem, type Page } from '@throughline/client';
import { type Json, SERVICES, type ServiceName } from '@throughline/contracts';
import { orderFulfilment } from '@throughline/order-fulfilment';
import { eventually } from '@throughline/testkit';
import pg from 'pg';
import { OrderSystem, type StartedOrder } from './order-system.ts';

jest.setTimeout(180_000);

/** Telemetry is not on the log, so its tables cannot be made again from it. */
const REBUILDABLE = SERVICES.filter((service) => service !== 'telemetry-ingestor');

describe('the order example on the whole system', () => {
  let orders: OrderSystem;
  let started: readonly StartedOrder[];

  beforeAll(async () => {
    orders = await OrderSystem.start();
    started = await orders.startOrders('first');
    await orders.expectRightEnds(started);
  });
  afterAll(() => orders?.remove());

  const order = (index: number): StartedOrder => {
    const found = started[index];
    if (!found) throw new Error(`no order ${index}`);
    return found;
  };
  const itemsOf = async <T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> => {
    const items: T[] = [];
    for await (const item of everyItem(fetchPage)) items.push(item);
    return items;
  };
  const attemptsByState = async (id: string): Promise<Record<string, number>> => {
    const { items } = await eventually('attempts are projected', async () => {
      const page = await orders.client.attempts(id);
      return page.items.every((attempt) => attempt.status !== 'scheduled') && page.items.length > 0 && page;
    });
    const counts: Record<string, number> = {};
    for (const { state } of items) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  };

  test.each([
    [0, 'an order succeeds'],
    [1, 'an order whose payment fails twice succeeds at the third attempt'],
    [2, 'an order that cannot be shipped is refunded and released'],
  ])('order %i: %s, with exactly the attempts that it needs', async (index) => {
    const { id, example } = order(index);
    expect(await attemptsByState(id)).toEqual(example.expected.attempts);
    await orders.expectNothingLostOrDoubled([order(index)]);
  });

  test('the services were told to do each thing once', async () => {
    const { inventory, payment, shipping } = orders.system.exampleUrls;
    for (const url of [inventory, payment, shipping]) {
      const ledger = (await (await fetch(`${url}/ledger`)).json()) as {
        effects: { key?: string; idempotencyKey?: string }[];
      };
      const keys = ledger.effects.map((effect) => effect.idempotencyKey ?? effect.key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.length).toBeGreaterThan(0);
    }
  });

  test('the audit chain is intact and holds every commit of an order', async () => {
    const verification = await eventually('the ledger caught up', async () => {
      const answer = await orders.client.verifyAudit();
      return answer.rows > 0 && answer;
    });
    expect(verification.verdict).toBe('intact');
    const { id } = order(0);
    const end = await orders.client.get(id);
    const { items } = await orders.client.audit(id);
    expect(items.map((row) => row.version)).toEqual(Array.from({ length: end.version }, (_none, index) => index + 1));
  });

  test('every log line of an order carries its correlation id, and events resume from any point', async () => {
    const { id } = order(1);
    const { items: logs } = await eventually('logs arrived', async () => {
      const page = await orders.client.logs(id);
      return page.items.length > 0 && page;
    });
    expect(new Set(logs.map((line) => line.correlationId))).toEqual(new Set([id]));
    const all: string[] = [];
    for await (const event of orders.client.watch(id)) all.push(event.event_id);
    const { items } = await orders.client.events(id);
    expect(items.map((event) => event.event_id)).toEqual(all);
    const rest: string[] = [];
    for await (const event of orders.client.watch(id, { lastEventId: all[4] })) rest.push(event.event_id);
    expect(rest).toEqual(all.slice(5));
  });

  test('the state after each commit can be asked for; one that is not there is refused', async () => {
    const { id } = order(0);
    const { version } = await orders.client.get(id);
    const first = await orders.client.state(id, { at: 1 });
    expect(first).toMatchObject({ at: 1, of: version });
    await expect(orders.client.state(id, { at: version + 1 })).rejects.toMatchObject({ code: 'TL0401' });
  });

  test('list, execution, steps, ledger and history of any moment say what the state of that moment says', async () => {
    const { client } = orders;
    const { id } = order(1);
    const { items: ledger } = await client.audit(id);
    expect(ledger.length).toBe((await client.get(id)).version);
    for (const { at, seq, version } of ledger) {
      for (const as_of of [at, String(seq)]) {
        const { state, ...then } = await client.state(id, { at: as_of === at ? at : version });
        // The parts that are looked at here.
        const { status, statesLeft } = state as { status: 'running'; statesLeft: object };
        const view = await client.get(id, { asOf: as_of });
        expect(view).toMatchObject({ version: then.at, status });
        const { items: steps } = await client.steps(id, { as_of });
        const left = new Set(steps.filter(({ exitedAt }) => exitedAt !== null).map((step) => step.state));
        expect([...left].sort()).toEqual(Object.keys(statesLeft).sort());
        expect((await client.audit(id, { as_of })).items).toEqual(ledger.slice(0, then.at));
        expect((await client.history(id, { as_of })).items.at(-1)?.id.split('.')[0]).toBe(String(then.at));
        const listed = await itemsOf((cursor) => client.list({ as_of, status, limit: 2, cursor }));
        expect(listed.find((item) => item.id === id)).toEqual(view);
        const others = await itemsOf((cursor) => client.list({ as_of, status: 'paused', cursor }));
        expect(others).toEqual([]);
      }
    }
    const before = { as_of: String((ledger[0]?.seq ?? 0) - 1) };
    expect((await client.list(before)).items.map((item) => item.id)).not.toContain(id);
    for (const read of [client.steps(id, before), client.audit(id, before), client.history(id, before)]) {
      await expect(read).rejects.toMatchObject({ code: 'TL0105' });
    }
    for (const as_of of ['2999-01-01T00:00:00Z', '999999999999']) {
      await expect(client.list({ as_of })).rejects.toMatchObject({ code: 'TL0410' });
      await expect(client.audit(id, { as_of })).rejects.toMatchObject({ code: 'TL0410' });
      await expect(client.get(id, { asOf: as_of })).rejects.toMatchObject({ code: 'TL0410' });
    }
    await expect(client.steps(id, { as_of: 'yesterday' })).rejects.toMatchObject({ code: 'TL0001' });
  });

  test('a what-if over the orders calls nobody, and names the one that would go otherwise without retries', async () => {
    const { inventory, payment, shipping } = orders.system.exampleUrls;
    const ledgers = () =>
      Promise.all([inventory, payment, shipping].map(async (url) => (await fetch(`${url}/ledger`)).text()));
    const before = await ledgers();
    const definition = orderFulfilment({ inventoryUrl: inventory, paymentUrl: payment, shippingUrl: shipping });
    // The casts state that a definition is JSON.
    const same = await orders.client.whatIf('order-fulfilment', { definition: definition as never, last: 200 });
    expect(same).toMatchObject({ executions: 3, divergent: [], candidate: { version: 1 } });
    expect(same.counts.identical).toBe(3);
    const states = definition['States'] as Record<string, Record<string, unknown>>;
    const { Retry: _retry, ...ChargePayment } = states['ChargePayment'] ?? {};
    const candidate = { ...definition, States: { ...states, ChargePayment } };
    const report = await orders.client.whatIf('order-fulfilment', { definition: candidate as never });
    expect(report.divergent).toMatchObject([
      {
        executionId: order(1).id,
        verdict: 'unanswered',
        first: { step: { state: 'ChargePayment' }, pointer: '/type', expected: 'RetryScheduled' },
      },
    ]);
    expect(await ledgers()).toEqual(before);
  });

  test('a running execution is moved to a version that would have decided the same so far, and to no other', async () => {
    const { client } = orders;
    const standing = (first: string, result: string): Json => ({
      StartAt: first,
      States: {
        [first]: { Type: 'Task', Resource: 'tl:signal:go', Next: 'Done' },
        Done: { Type: 'Pass', Result: result, End: true },
      },
    });
    for (const definition of [standing('Stand', 'one'), standing('Stand', 'two'), standing('Wait', 'three')]) {
      await client.registerWorkflow({ name: 'moving', definition });
    }
    const { id } = await client.start('moving', { version: 1 });
    await expect(client.migrate(id, 3)).rejects.toMatchObject({
      code: 'TL0420',
      details: { first: { commit: 1, step: { state: 'Stand' }, pointer: '/state', actual: 'Wait' } },
    });
    await expect(client.migrate(id, 9)).rejects.toMatchObject({ code: 'TL0102' });
    expect(await client.migrate(id, 2)).toMatchObject({ workflow: 'moving', fromVersion: 1, version: 2, at: 2 });
    await expect(client.migrate(id, 2)).rejects.toMatchObject({ code: 'TL0423' });
    await client.signal(id, 'go');
    await client.wait(id, { timeoutMs: 30_000 });
    const end = await eventually('its row is up to date', async () => {
      const view = await client.get(id);
      return view.status === 'succeeded' && view;
    });
    expect(end).toMatchObject({ output: 'two', workflow: { name: 'moving', version: 2 } });
    expect((await client.replay(id)).result).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    await expect(client.migrate(id, 1)).rejects.toMatchObject({ code: 'TL0106' });
    await expect(client.migrate('nobody', 1)).rejects.toMatchObject({ code: 'TL0105' });
  });

  test('a GET directly after a 201 is never 404', async () => {
    for (let i = 0; i < 30; i += 1) {
      const { id } = await orders.client.start('order-fulfilment', { input: { unusable: i } });
      const reads = await Promise.allSettled([
        orders.client.get(id),
        orders.client.steps(id),
        orders.client.attempts(id),
        orders.client.state(id),
        orders.client.events(id),
        orders.client.logs(id),
        orders.client.audit(id),
        orders.client.lineage(id),
      ]);
      expect(reads.map((read) => (read.status === 'rejected' ? String(read.reason) : 'ok'))).toEqual(
        reads.map(() => 'ok'),
      );
    }
  });

  test('one idempotency key from 50 clients at once, and again after a restart, is one execution', async () => {
    const idempotencyKey = `key-${randomUUID()}`;
    const start = () => orders.client.start('order-fulfilment', { input: { n: 1 }, idempotencyKey });
    const ids = (await Promise.all(Array.from({ length: 50 }, start))).map((view) => view.id);
    await orders.system.processes.get('orchestrator')?.restart();
    ids.push((await start()).id);
    expect(new Set(ids).size).toBe(1);
    await expect(orders.client.start('order-fulfilment', { input: { n: 2 }, idempotencyKey })).rejects.toMatchObject({
      code: 'TL0104',
      status: 409,
    });
  });

  test('a cancelled order stays cancelled, and cancelling it again is refused', async () => {
    const { id } = await orders.client.start('order-fulfilment', {
      // The cast states that an order is JSON.
      input: { ...order(0).example.order, orderId: 'cancel-1', packingSeconds: 60 } as never,
    });
    await orders.client.cancel(id, { reason: 'spec', graceMs: 1_000 });
    expect((await orders.client.wait(id, { timeoutMs: 30_000 })).status).toBe('cancelled');
    await expect(orders.client.cancel(id)).rejects.toMatchObject({ code: 'TL0106' });
  });

  test('another tenant sees nothing of it, and no credential sees nothing at all', async () => {
    const { id } = order(0);
    const nobody = createClient({ url: orders.system.frontUrl, apiKey: 'tlk_none_0' });
    await expect(nobody.get(id)).rejects.toMatchObject({ code: 'TL0002', status: 401 });
    const bare = await fetch(`${orders.system.frontUrl}/api/v1/executions/${id}`);
    expect(bare.status).toBe(401);
  });

  test('a definition is the same as JSON, as YAML, and as a text of either', async () => {
    const { frontUrl, apiKey } = orders.system;
    const text = 'StartAt: Done # at once\nStates:\n  Done: { Type: Succeed }\n';
    const definition = { StartAt: 'Done', States: { Done: { Type: 'Succeed' } } };
    const { hash } = await orders.client.registerWorkflow({ name: 'yaml', definition });
    expect(await orders.client.registerWorkflow({ name: 'yaml', definition: text })).toMatchObject({
      version: 1,
      hash,
    });
    const post = async (path: string, body: string): Promise<unknown> => {
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/yaml' };
      return (await fetch(`${frontUrl}${path}`, { method: 'POST', headers, body })).json();
    };
    const body = `name: yaml\ndefinition:\n  ${text.replaceAll('\n', '\n  ')}`;
    expect(await post('/api/v1/workflows', body)).toMatchObject({ version: 1, hash });
    expect(await post('/api/v1/workflows/validate', text)).toEqual({ valid: true, faults: [] });
    expect(await orders.client.validateWorkflow(text.replace('Done #', 'Dome #'))).toMatchObject({
      valid: false,
      faults: [{ pointer: '/StartAt', code: 'MISSING_TARGET' }],
    });
  });

  test('docs/replay.md can be followed line by line', async () => {
    const page = readFileSync(fileURLToPath(new URL('../docs/replay.md', import.meta.url)), 'utf8');
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, text]) => text);
    expect(blocks.length).toBeGreaterThan(6);
    const cli = fileURLToPath(new URL('../apps/cli/bin/throughline.js', import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), 'walk-'));
    // Every line has to succeed, as it stands; only npx would look for the checkout around it.
    const script = `set -e\nnpx() { shift; "${process.execPath}" "${cli}" "$@"; }\n${blocks.join('\n')}`;
    try {
      const { stdout } = await promisify(execFile)('bash', ['-c', script], {
        cwd: folder,
        env: { ...process.env, THROUGHLINE_URL: orders.system.frontUrl, THROUGHLINE_API_KEY: orders.system.apiKey },
        maxBuffer: 16_000_000,
      });
      expect(stdout).toContain('divergent, as expected');
      expect(stdout).toMatch(/ran again in/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe('bad input is refused with a code, stores nothing, and the processes stay up', () => {
    const call = async (method: string, path: string, body?: string): Promise<{ status: number; code?: string }> => {
      const response = await fetch(`${orders.system.frontUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${orders.system.apiKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      });
      const answer = (await response.json()) as { code?: string };
      return { status: response.status, code: answer.code };
    };
    test.each([
      [
        'a definition as a text that does not parse',
        'POST',
        '/api/v1/workflows',
        '{"name":"x","definition":"a: b: c"}',
        422,
        'TL0103',
      ],
      ['JSON that does not parse', 'POST', '/api/v1/workflows', '{', 400, 'TL0001'],
      ['an unknown field', 'POST', '/api/v1/workflows', '{"name":"x","definition":{},"more":1}', 400, 'TL0001'],
      [
        'a definition with faults',
        'POST',
        '/api/v1/workflows',
        '{"name":"x","definition":{"StartAt":"A","States":{}}}',
        422,
        'TL0103',
      ],
      ['an unknown workflow', 'POST', '/api/v1/workflows/nobody/executions', '{}', 404, 'TL0101'],
      ['an unknown version', 'POST', '/api/v1/workflows/order-fulfilment/executions', '{"version":99}', 404, 'TL0102'],
      ['an id with a wildcard', 'GET', '/api/v1/executions/a.*', undefined, 400, 'TL0006'],
      ['an execution that is not there', 'POST', '/api/v1/executions/none/cancel', '{}', 404, 'TL0105'],
      [
        'an input over 256 KiB',
        'POST',
        '/api/v1/workflows/order-fulfilment/executions',
        JSON.stringify({ input: 'x'.repeat(300_000) }),
        413,
        'TL0005',
      ],
      [
        'a body over every limit',
        'POST',
        '/api/v1/workflows/order-fulfilment/executions',
        JSON.stringify({ input: 'x'.repeat(3_000_000) }),
        413,
        'TL0005',
      ],
      ['a made-up cursor', 'GET', '/api/v1/executions?cursor=nonsense', undefined, 400, 'TL0001'],
    ])('%s', async (_what, method, path, body, status, code) => {
      const before = await orders.client.stats();
      expect(await call(method, path, body)).toEqual({ status, code });
      expect(await orders.client.stats()).toEqual(before);
    });
  });

  test.each(REBUILDABLE)(
    'the tables of %s dropped and rebuilt with another batch size have the same digest',
    async (service) => {
      await settled(orders);
      const before = await orders.client.digest(service);
      expect(Object.values(before.tables).some((table) => table.rows > 0)).toBe(true);
      await dropTables(orders.system.databaseUrl, service);
      await orders.client.rebuild(service, { batchSize: 7 });
      const after = await eventually('the projection serves again', async () => {
        const digest = await orders.client.digest(service);
        return digest.seq >= before.seq && digest;
      });
      expect(after.tables).toEqual(before.tables);
    },
  );

  test('a ledger row edited by a superuser is named by audit verify', async () => {
    const database = new pg.Client({ connectionString: orders.system.databaseUrl });
    await database.connect();
    try {
      await expect(database.query(`UPDATE audit_service.ledger SET at = at WHERE n = 3`)).rejects.toThrow();
      await expect(database.query(`TRUNCATE audit_service.ledger`)).rejects.toThrow();
      await database.query(`SET session_replication_role = replica`);
      const { rows } = await database.query<{ events: string }>(
        `SELECT events::text AS events FROM audit_service.ledger WHERE n = 3`,
      );
      await database.query(`UPDATE audit_service.ledger SET events = '["ExecutionSucceeded"]' WHERE n = 3`);
      const verification = await orders.client.verifyAudit();
      expect(verification).toMatchObject({ verdict: 'broken', firstBad: { n: 3 } });
      // As it was, to the character: else the checker finds it, too.
      await database.query(`UPDATE audit_service.ledger SET events = $1::json WHERE n = 3`, [rows[0]?.events]);
    } finally {
      await database.end();
    }
    expect((await orders.client.verifyAudit()).verdict).toBe('intact');
  });
});

/** Nothing runs and every projection has caught up, so that two digests can be compared. */
const settled = (orders: OrderSystem): Promise<unknown> =>
  eventually('everything is projected', async () => {
    const health = await orders.client.health();
    return health.open === 0 && health.projectionLag === 0;
  });

const dropTables = async (databaseUrl: string, service: ServiceName): Promise<void> => {
  const schema = service.replaceAll('-', '_');
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename <> '_prisma_migrations'`,
      [schema],
    );
    for (const { name } of rows) await database.query(`DROP TABLE ${schema}."${name}" CASCADE`);
  } finally {
    await database.end();
  }
};
