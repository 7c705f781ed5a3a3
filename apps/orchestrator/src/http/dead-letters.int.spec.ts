import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type ThroughlineClient, ThroughlineError } from '@throughline/client';
import { commandSubject, executionRef, STREAMS, tenantSchema } from '@throughline/contracts';
import {
  connectNats,
  createPublisher,
  deadLetter,
  ensureStreams,
  JetStreamEventLog,
  type NatsConnection,
} from '@throughline/event-log/jetstream';
import { tenantRef } from '@throughline/execution';
import { verify } from '@throughline/history';
import { eventually, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { AppModule } from '../app.module.ts';

const TENANT = tenantSchema.parse('default');
const NOBODY = '9-000000000000' as never;

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['orchestrator'] });

describe('dead letters, over real streams', () => {
  let nc: NatsConnection;
  let service: ServiceUnderTest;
  let client: ThroughlineClient;

  beforeAll(async () => {
    const keyFile = join(servers.dir, 'task-token-keys');
    writeFileSync(keyFile, `${'k'.repeat(64)}\n`);
    process.env['THROUGHLINE_TASK_TOKEN_KEY_FILE'] = keyFile;
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    service = await startServiceUnderTest('orchestrator', servers, { module: AppModule });
    client = clientOf('default');
    await client.registerWorkflow({
      name: 'pass',
      definition: { StartAt: 'Done', States: { Done: { Type: 'Pass', End: true } } },
    });
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
  const codeOf = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ThroughlineError ? error.code : String(error)),
    );
  const open = async () => (await client.deadLetters.list()).items;
  const only = (subject: string) =>
    eventually('a letter of it', async () => (await open()).find((letter) => letter.subject.endsWith(subject)));

  it('a message that can never be handled is listed with its reason, shown whole, and discarded once', async () => {
    const subject = commandSubject('client', executionRef(TENANT, 'poison'));
    nc.publish(subject, 'not a command');
    const letter = await only('execution.poison');
    expect(letter).toMatchObject({ status: 'open', stream: STREAMS.commands, code: 'TL0001', settled: null });
    expect(letter.letter).toMatchObject({
      requeueable: true,
      about: { aggregate: 'execution', aggregateId: 'poison' },
    });
    expect((await client.deadLetters.get(letter.id)).letter?.payload).toEqual({
      encoding: 'utf8',
      data: 'not a command',
    });
    const settled = await client.deadLetters.discard(letter.id, { reason: 'nonsense' });
    expect(settled).toMatchObject({
      status: 'discarded',
      settled: { reason: 'nonsense', by: { kind: 'user', id: 'default' } },
    });
    expect(await codeOf(client.deadLetters.discard(letter.id))).toBe('TL0161');
    expect(await codeOf(client.deadLetters.requeue(letter.id))).toBe('TL0161');
    await eventually('it is taken away', async () => (await open()).length === 0);
    expect((await client.deadLetters.list({ status: 'settled' })).items).toMatchObject([
      { id: letter.id, letter: null },
    ]);
  });

  it('a command that was given up on runs once it is requeued, with its headers, and the acts replay', async () => {
    const body = { workflow: 'pass', input: { n: 1 }, trigger: 'manual' };
    const command = { v: 1, id: 'late', type: 'StartExecution', actor: { kind: 'user', id: 'ann' }, body };
    await deadLetter(createPublisher(nc), {
      stream: STREAMS.commands,
      subject: 'tl.cmd.0.client.default.execution.late',
      seq: 7,
      deliveries: 11,
      storedAtMs: Date.now(),
      code: 'TL0302',
      reason: 'the database was away',
      headers: { 'Nats-Msg-Id': 'x', 'X-Mine': 'kept' },
      bytes: Buffer.from(JSON.stringify(command)),
    });
    const letter = await only('execution.late');
    expect(letter.letter).toMatchObject({ headers: { 'X-Mine': 'kept' }, about: { type: 'StartExecution' } });
    await client.deadLetters.requeue(letter.id, { reason: 'it is back' });
    await eventually('it has run', async () => (await client.get('late')).status === 'succeeded');
    expect(await codeOf(client.deadLetters.requeue(letter.id))).toBe('TL0161');
    const read = await new JetStreamEventLog(nc).read(tenantRef(TENANT));
    if (read.kind !== 'commits') throw new Error(read.problem);
    expect(verify(read.commits, () => undefined)).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    const types = read.commits.flatMap(({ commit }) => commit.events.map(({ type }) => type as string));
    expect(types).toEqual(['DeadLetterDiscarded', 'DeadLetterRequeued']);
  });

  it("another tenant's letter, and one that never was, are unknown", async () => {
    nc.publish(commandSubject('client', executionRef(TENANT, 'theirs')), '{}');
    const { id } = await only('execution.theirs');
    const globex = clientOf('globex').deadLetters;
    expect((await globex.list()).items).toEqual([]);
    for (const call of [globex.get(id), globex.requeue(id), globex.discard(id)])
      expect(await codeOf(call)).toBe('TL0160');
    for (const call of [client.deadLetters.get(NOBODY), client.deadLetters.requeue(NOBODY)]) {
      expect(await codeOf(call)).toBe('TL0160');
    }
    expect(await codeOf(client.deadLetters.get('*' as never))).toBe('TL0006');
  });

  it('lists go on page by page', async () => {
    // One after the other: partitions are read side by side.
    for (const n of [1, 2, 3]) {
      nc.publish(commandSubject('client', executionRef(TENANT, `page-${n}`)), '{}');
      await only(`execution.page-${n}`);
    }
    const first = await client.deadLetters.list({ limit: 2 });
    const second = await client.deadLetters.list({ limit: 2, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...second.items].map(({ subject }) => subject.split('.').at(-1))).toEqual([
      'theirs',
      'page-1',
      'page-2',
      'page-3',
    ]);
    expect(second.nextCursor).toBeNull();
    expect((await client.deadLetters.list({ stream: STREAMS.tasks })).items).toEqual([]);
  });
});
