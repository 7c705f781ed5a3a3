import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type ThroughlineClient, ThroughlineError } from '@throughline/client';
import {
  type AggregateRef,
  executionRef,
  type Json,
  type ReadModelDigest,
  type RebuildReport,
  scheduleIdSchema,
  scheduleRef,
  STREAMS,
  tenantSchema,
} from '@throughline/contracts';
import { connectNats, ensureStreams, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { type CommitAt, workflowRef } from '@throughline/execution';
import { verify } from '@throughline/history';
import { eventually, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { AppModule } from '../app.module.ts';
import { WorkflowCatalog } from '@throughline/engine';

const TENANT = tenantSchema.parse('default');
const PASS: Json = { StartAt: 'Done', States: { Done: { Type: 'Pass', End: true } } };
const SIGN: Json = {
  StartAt: 'Sign',
  States: { Sign: { Type: 'Task', Resource: 'arn:aws:states:eu-west-1:111111111111:activity:sign', End: true } },
};
const NEVER_SOON = { kind: 'cron', expression: '0 0 1 1 *', timeZone: 'Europe/Berlin' } as const;
const EVERY_SECOND = { kind: 'interval', everySeconds: 1 } as const;

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['orchestrator'] });

describe('schedules, over a real log and a real database', () => {
  let nc: NatsConnection;
  let service: ServiceUnderTest;
  let client: ThroughlineClient;
  let log: JetStreamEventLog;

  beforeAll(async () => {
    const keyFile = join(servers.dir, 'task-token-keys');
    writeFileSync(keyFile, `${'k'.repeat(64)}\n`);
    Object.assign(process.env, {
      THROUGHLINE_TASK_TOKEN_KEY_FILE: keyFile,
      THROUGHLINE_STANDING_STILL_SECONDS: '0.2',
      THROUGHLINE_RECONCILE_EVERY_SECONDS: '0.2',
    });
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    log = new JetStreamEventLog(nc);
    service = await startServiceUnderTest('orchestrator', servers, { module: AppModule });
    client = clientOf('default');
    await client.registerWorkflow({ name: 'pass', definition: PASS });
    await client.registerWorkflow({ name: 'sign', definition: SIGN });
  });
  afterAll(async () => {
    await service?.close();
    await nc?.close();
  });

  const clientOf = (tenant: string): ThroughlineClient =>
    createClient({
      url: service.url,
      // The service under test names the keys.
      fetch: (input, init) => {
        const { pathname, search } = new URL(String(input));
        return service.request(`${pathname}${search}`, { ...init, tenant });
      },
    });
  const codeOf = async (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ThroughlineError ? error.code : String(error)),
    );
  const read = async (ref: AggregateRef): Promise<readonly CommitAt[]> => {
    const found = await log.read(ref);
    if (found.kind !== 'commits') throw new Error(found.problem);
    return found.commits;
  };
  const logOf = (id: string): Promise<readonly CommitAt[]> => read(scheduleRef(TENANT, scheduleIdSchema.parse(id)));
  const expectReplays = async (id: string): Promise<void> => {
    expect(verify(await logOf(id), () => undefined)).toMatchObject({ verdict: 'identical', matchPercent: 100 });
  };

  it('an interval starts executions that name it, and hears how they end; all of it replays', async () => {
    await client.schedules.put('ticking', {
      workflow: 'pass',
      timing: EVERY_SECOND,
      input: { at: '<aws.scheduler.scheduled-time>' },
    });
    const view = await eventually('two instants have come and ended', async () => {
      const seen = await client.schedules.get('ticking');
      return seen.last.length >= 2 && seen;
    });
    await client.schedules.pause('ticking', { reason: 'seen enough' });
    const [, first] = view.last;
    expect(first).toMatchObject({ outcome: 'succeeded', cause: 'due' });
    const execution = await client.get(first?.executionId ?? '');
    expect(execution).toMatchObject({
      trigger: 'scheduled',
      status: 'succeeded',
      input: { at: first?.instant },
      labels: { 'throughline.schedule': 'ticking', 'throughline.scheduled-for': first?.instant },
    });
    await expectReplays('ticking');
    const machine = await new WorkflowCatalog(log).resolve(TENANT, 'pass');
    expect(verify(await read(executionRef(TENANT, execution.id)), () => machine)).toMatchObject({ matchPercent: 100 });
  });

  it('skip: while the last execution runs, nothing starts; resumed by hand, the end makes room', async () => {
    await client.schedules.put('signing', { workflow: 'sign', timing: EVERY_SECOND });
    const view = await eventually('an instant was skipped', async () => {
      const seen = await client.schedules.get('signing');
      return seen.counts.skipped > 0 && seen;
    });
    await client.schedules.pause('signing');
    expect(view.running).toHaveLength(1);
    expect(view.last[0]).toMatchObject({ outcome: 'skipped', why: 'overlap' });
    expect(await codeOf(client.schedules.trigger('signing'))).toBe('TL0155');
    await client.cancel(view.running[0]?.executionId ?? '');
    await eventually('it hears of the end', async () => (await client.schedules.get('signing')).running.length === 0);
    const triggered = await client.schedules.trigger('signing', { requestId: 'by-hand' });
    expect(await client.schedules.trigger('signing', { requestId: 'by-hand' })).toEqual(triggered);
    await expectReplays('signing');
  });

  it('a timer stream that is deleted does not lose the schedule', async () => {
    await client.schedules.put('lasting', { workflow: 'pass', timing: { kind: 'interval', everySeconds: 3 } });
    await nc.request(`$JS.API.STREAM.DELETE.${STREAMS.timers}`);
    await eventually('its instant comes all the same', async () => (await logOf('lasting')).length > 1);
    await client.schedules.delete('lasting');
    expect(await codeOf(client.schedules.get('lasting'))).toBe('TL0150');
    await expectReplays('lasting');
  });

  it('shows the next instants in the zone of the schedule, and lists by id and workflow', async () => {
    const put = await client.schedules.put('yearly', { workflow: 'pass', timing: NEVER_SOON });
    expect(put.next).toHaveLength(5);
    for (const instant of put.next) expect(instant).toMatch(/-12-31T23:00:00\.000Z$/);
    const page = await eventually('the row is there', async () => {
      const seen = await client.schedules.list({ workflow: 'pass' });
      return seen.items.some(({ id }) => id === 'yearly') && seen;
    });
    expect(page.items.map(({ id }) => id)).toEqual(['ticking', 'yearly']);
    expect((await client.schedules.list({ limit: 1 })).nextCursor).not.toBeNull();
  });

  it('refuses, with a code each, what could never start anything', async () => {
    const put = (more: object) =>
      codeOf(client.schedules.put('bad', { workflow: 'pass', timing: NEVER_SOON, ...more }));
    const cron = (expression: string, timeZone = 'UTC') => ({ timing: { kind: 'cron', expression, timeZone } });
    expect([
      await put({ workflow: 'nobody' }),
      await put({ version: 7 }),
      await put(cron('* * *')),
      await put(cron('0 0 * * *', 'Europe/Atlantis')),
      await put({ timing: { kind: 'interval', everySeconds: 0.1 } }),
      await put(cron('0 0 30 2 *')),
      await put({ overlap: 'sometimes' }),
      await codeOf(client.schedules.get('bad')),
      await codeOf(client.schedules.pause('bad')),
      await codeOf(clientOf('globex').schedules.get('yearly')),
      await codeOf(clientOf('globex').schedules.delete('yearly')),
    ]).toEqual([
      'TL0101',
      'TL0102',
      'TL0151',
      'TL0152',
      'TL0153',
      'TL0154',
      'TL0001',
      'TL0150',
      'TL0150',
      'TL0150',
      'TL0150',
    ]);
    expect(await read(workflowRef(TENANT, 'bad'))).toEqual([]);
  });

  it('its table is rebuilt from the log to the same digest', async () => {
    const { body: served } = await service.json<ReadModelDigest>('/api/v1/read-models/orchestrator/digest');
    const { body: rebuilt } = await service.json<RebuildReport>('/api/v1/read-models/orchestrator/rebuild', {
      method: 'POST',
      body: '{}',
    });
    expect(rebuilt.after.tables['schedules']).toEqual(served.tables['schedules']);
    expect(served.tables['schedules']?.rows).toBe(4);
  });
});
