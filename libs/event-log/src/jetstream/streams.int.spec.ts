import { jetstreamManager } from '@nats-io/jetstream';
import { commandSubject, logSubject, tenantSchema, aggregateIdSchema } from '@throughline/contracts';
import { newRef } from '../event-log.conformance.ts';
import { connectNats, type NatsConnection } from './connection.ts';
import { createPublisher } from './publisher.ts';
import { checkServer } from './server-check.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams, logPosition, logPositionAfter, watchStreams } from './streams.ts';

let server: SpecServer;
let nc: NatsConnection;

beforeEach(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
}, 30_000);
afterEach(async () => {
  await nc?.close();
  await server?.stop();
});

/** Stands between the engine and the server, as a server of another version would: changes what one request is answered with. */
const answering = (
  real: NatsConnection,
  path: string,
  change: (answer: Record<string, unknown>) => void,
): NatsConnection =>
  new Proxy(real, {
    get: (target, key) => {
      if (key !== 'request') {
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === 'function' ? member.bind(target) : member;
      }
      return async (...request: Parameters<NatsConnection['request']>) => {
        const message = await target.request(...request);
        if (request[0] !== path) return message;
        const answer = message.json<Record<string, unknown>>();
        change(answer);
        const data = Buffer.from(JSON.stringify(answer));
        return new Proxy(message, {
          get: (original, name) => (name === 'data' ? data : Reflect.get(original, name, original)),
        });
      };
    },
  });

describe('streams', () => {
  it('are made once, and found as they are the second time', async () => {
    const first = await ensureStreams(nc);
    const second = await ensureStreams(nc);
    expect(first).toMatchObject({ kind: 'ready', created: expect.arrayContaining(['TL_LOG', 'TL_TIMERS', 'TL_DEAD']) });
    expect(second).toEqual({ kind: 'ready', created: [], updated: [] });
  });

  it('a limit that changed is updated on the existing stream', async () => {
    await ensureStreams(nc);
    const result = await ensureStreams(nc, { bytesMax: { TL_TASKS: 1_000_000 } });
    expect(result).toEqual({ kind: 'ready', created: [], updated: ['TL_TASKS'] });
  });

  it('an existing stream of another kind refuses the boot: TL0206, in words', async () => {
    const jsm = await jetstreamManager(nc);
    await jsm.streams.add({ name: 'TL_TASKS', subjects: ['tl.task.*.*.*'], storage: 'file', retention: 'limits' });
    expect(await ensureStreams(nc)).toMatchObject({
      kind: 'unfit',
      code: 'TL0206',
      problem: expect.stringMatching(/TL_TASKS.*retention is "limits", asked for "workqueue"/),
    });
  });

  it('a configuration that is not echoed back refuses the boot: TL0206', async () => {
    const forgetful = answering(nc, '$JS.API.STREAM.CREATE.TL_LOG', (answer) => {
      const config = answer['config'];
      if (typeof config === 'object' && config !== null) Reflect.deleteProperty(config, 'allow_atomic');
    });
    expect(await ensureStreams(forgetful)).toMatchObject({
      kind: 'unfit',
      code: 'TL0206',
      problem: expect.stringMatching(/not echoed back.*allow_atomic is not set, asked for true/),
    });
  });

  it('more room than the server has refuses the boot with its words', async () => {
    const result = await ensureStreams(nc, { bytesMax: { TL_LOG: 1e15 } });
    expect(result).toMatchObject({ kind: 'unfit', code: 'TL0206', problem: expect.stringContaining('TL_LOG') });
  });

  it('the log refuses to delete and to purge, also after an attempt to allow it', async () => {
    await ensureStreams(nc);
    const jsm = await jetstreamManager(nc);
    const { seq } = await createPublisher(nc).publish(logSubject(newRef()), '{}');
    await expect(jsm.streams.deleteMessage('TL_LOG', seq)).rejects.toThrow();
    await expect(jsm.streams.purge('TL_LOG')).rejects.toThrow();
    await expect(jsm.streams.update('TL_LOG', { deny_purge: false })).rejects.toThrow();
    expect((await logPosition(nc)).lastSeq).toBe(seq);
  });

  it('commands are spread over partitions by the aggregate id, whatever tenant and origin say', async () => {
    await ensureStreams(nc, { partitions: 4 });
    const publisher = createPublisher(nc);
    const tenant = tenantSchema.parse('acme');
    for (let n = 0; n < 40; n += 1) {
      const aggregateId = aggregateIdSchema.parse(`order-${n}`);
      await publisher.publish(commandSubject('client', { tenant, aggregate: 'execution', aggregateId }), '{}');
      await publisher.publish(commandSubject('worker', { tenant, aggregate: 'execution', aggregateId }), '{}');
    }
    const jsm = await jetstreamManager(nc);
    const { state } = await jsm.streams.info('TL_COMMANDS', { subjects_filter: 'tl.cmd.>' });
    const subjects = Object.keys(state.subjects ?? {});
    const partitionOf = new Map<string, Set<string>>();
    for (const subject of subjects) {
      const tokens = subject.split('.');
      const id = tokens[6] ?? '';
      partitionOf.set(id, (partitionOf.get(id) ?? new Set()).add(tokens[2] ?? ''));
    }
    expect(subjects).toHaveLength(80);
    // A wrong wildcard index would hash tenant or origin: one partition for all, or two for one aggregate.
    expect(new Set([...partitionOf.values()].flatMap((partitions) => [...partitions])).size).toBe(4);
    expect([...partitionOf.values()].every((partitions) => partitions.size === 1)).toBe(true);
  });

  it('the watch brings a deleted queue back, and only reports a deleted log', async () => {
    await ensureStreams(nc);
    const recreated: string[] = [];
    const problems: string[] = [];
    const watch = watchStreams(nc, {
      everyMs: 50,
      onRecreated: (streams) => recreated.push(...streams),
      onProblem: (problem) => problems.push(problem),
    });
    const jsm = await jetstreamManager(nc);
    await jsm.streams.delete('TL_TASKS');
    await jsm.streams.delete('TL_LOG');
    const untilMs = Date.now() + 5_000;
    while ((recreated.length === 0 || problems.length === 0) && Date.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await watch.stop();
    expect(recreated).toEqual(['TL_TASKS']);
    expect(problems[0]).toContain('TL_LOG is gone');
    expect(await jsm.streams.names().next()).not.toContain('TL_LOG');
  });
});

describe('the server check', () => {
  it('takes a server that fsyncs before each ack', async () => {
    const check = await checkServer(nc, { monitorUrl: server.monitorUrl, requireSyncAlways: true });
    expect(check).toMatchObject({ kind: 'fits' });
  });

  it('refuses, in production, a server that acks before its fsync: TL0205', async () => {
    const lazy = await startSpecServer({ syncInterval: '2m' });
    const connection = await connectNats({ url: lazy.url, name: 'spec' });
    expect(await checkServer(connection, { monitorUrl: lazy.monitorUrl, requireSyncAlways: true })).toMatchObject({
      kind: 'unfit',
      code: 'TL0205',
      problem: expect.stringContaining('sync_interval'),
    });
    expect(await checkServer(connection, { monitorUrl: lazy.monitorUrl })).toMatchObject({ kind: 'fits' });
    await connection.close();
    await lazy.stop();
  });

  it('refuses an older server by what it says of itself: TL0205', async () => {
    const older = new Proxy(nc, {
      get: (target, key) => (key === 'info' ? { ...target.info, version: '2.11.4' } : Reflect.get(target, key, target)),
    });
    expect(await checkServer(older)).toMatchObject({ kind: 'unfit', code: 'TL0205' });
  });
});

describe('the position of the log after what a reader has read', () => {
  it('is given once the log has it, and as it is where it is another log', async () => {
    await ensureStreams(nc);
    const { created } = await logPosition(nc);
    let asked = 0;
    const behind = answering(nc, '$JS.API.STREAM.INFO.TL_LOG', (answer) => {
      // The second look finds the leader caught up.
      asked += 1;
      Object.assign(answer['state'] as object, { last_seq: asked < 2 ? 3 : 5 }); // the server's own form
    });
    expect((await logPositionAfter(behind, { created, seq: 5 })).lastSeq).toBe(5);
    expect(asked).toBe(2);
    expect((await logPositionAfter(nc, { created: 'another', seq: 5 })).lastSeq).toBe(0);
  });
});
