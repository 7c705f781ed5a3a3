import {
  aggregateIdSchema,
  commandSubject,
  dueSubject,
  partitionOf,
  STREAMS,
  SUBJECT_FILTERS,
  tenantSchema,
  timerIdSchema,
} from '@throughline/contracts';
import type { Handled, WorkMessage } from '../handled.ts';
import { connectNats, type NatsConnection } from './connection.ts';
import { jsApi } from './js-api.ts';
import { readLeases, writeLease } from './lease-records.ts';
import { type LeasedParts, type LeasedPartsOptions, shareParts } from './leased-parts.ts';
import { createPublisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams } from './streams.ts';
import { consumeWorkQueue, type SharedWorkQueue } from './work-queue.ts';

const PARTS = 4;
let server: SpecServer;
let nc: NatsConnection;
const opened: { nc: NatsConnection; parts: LeasedParts }[] = [];

beforeAll(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc, { partitions: PARTS });
}, 30_000);
afterAll(async () => {
  await nc?.close();
  await server?.stop();
}, 30_000);
afterEach(async () => {
  for (const { nc: connection, parts } of opened.splice(0)) {
    if (!connection.isClosed()) await parts.stop();
    await connection.close();
  }
});

const until = async (what: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> => {
  const endMs = Date.now() + withinMs;
  while (!(await what())) {
    if (Date.now() > endMs) throw new Error('did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** A process of its own as far as the server can tell. */
const member = async (group: string, instance: string, options: Partial<LeasedPartsOptions> = {}) => {
  const connection = await connectNats({ url: server.url, name: instance });
  const heard: string[] = [];
  const parts = await shareParts(connection, {
    group,
    instance,
    count: () => PARTS,
    onTaken: (part) => void heard.push(`taken ${part}`),
    onGiveUp: (part) => void heard.push(`given up ${part}`),
    onLost: (part) => void heard.push(`lost ${part}`),
    ...options,
  });
  opened.push({ nc: connection, parts });
  return { nc: connection, parts, heard };
};
const ownedBy = ({ parts }: { parts: LeasedParts }): string => [...parts.owned].sort().join();

describe('partitions', () => {
  it('are counted by the engine as the server counts them, for commands and for timers that fire', async () => {
    const publisher = createPublisher(nc);
    const ids = Array.from({ length: 60 }, (_, n) => `${'x'.repeat(n % 7)}id-${n}_Z`);
    const timer = timerIdSchema.parse('t-1');
    for (const id of ids) {
      const ref = {
        tenant: tenantSchema.parse('acme'),
        aggregate: 'execution',
        aggregateId: aggregateIdSchema.parse(id),
      } as const;
      await publisher.publish(commandSubject('client', ref), '{}');
      await publisher.publish(dueSubject(ref, timer), '{}');
    }
    const subjectsOf = async (stream: string): Promise<readonly string[][]> => {
      const { state } = await jsApi<{ state: { subjects: object } }>(nc, `STREAM.INFO.${stream}`, {
        subjects_filter: '>',
      });
      return Object.keys(state.subjects).map((subject) => subject.split('.'));
    };
    const commands = (await subjectsOf(STREAMS.commands)).map((tokens) => [tokens[6], tokens[2]]);
    const fired = (await subjectsOf(STREAMS.timers)).map((tokens) => [tokens[5], tokens[2]]);
    const expected = ids
      .map((id) => [id, String(partitionOf({ aggregateId: aggregateIdSchema.parse(id) }, PARTS))])
      .sort();
    expect([commands.sort(), fired.sort()]).toEqual([expected, expected]);
    publisher.close();
  });
});

describe('leased parts', () => {
  it('all belong to a member that is alone, from its first look on', async () => {
    const a = await member('alone', 'a');
    expect(ownedBy(a)).toBe('0,1,2,3');
    expect(a.parts.owners()).toEqual([0, 1, 2, 3].map((part) => ({ part, instance: 'a', here: true })));
  });

  it('are shared with one that joins, handed over in good order, and come back when it leaves', async () => {
    const a = await member('joined', 'a');
    const b = await member('joined', 'b');
    await until(() => a.parts.owned.size === 2 && b.parts.owned.size === 2);
    expect([...a.parts.owned, ...b.parts.owned].sort()).toEqual([0, 1, 2, 3]);
    expect(a.heard.filter((line) => line.startsWith('given up'))).toHaveLength(2);
    await until(() =>
      a.parts.owners().every(({ part, instance }) => instance === (a.parts.owned.has(part) ? 'a' : 'b')),
    );
    await b.parts.stop();
    await until(() => ownedBy(a) === '0,1,2,3');
    expect([a.heard, b.heard].flat().filter((line) => line.startsWith('lost'))).toEqual([]);
  });

  it('of one that died are taken when its lease has lapsed', async () => {
    const a = await member('died', 'a');
    const b = await member('died', 'b');
    await until(() => a.parts.owned.size === 2 && b.parts.owned.size === 2);
    const diedAt = Date.now();
    await a.nc.close();
    await until(() => ownedBy(b) === '0,1,2,3');
    process.stdout.write(`leases of a member that died were taken after ${Date.now() - diedAt} ms\n`);
  });

  it('are lost by an owner whose lease somebody else wrote over, and it hears so', async () => {
    const a = await member('stolen', 'a', { leaseMs: 60_000 });
    const thief = createPublisher(nc);
    const seq = (await readLeases(nc, 'stolen')).get('1')?.seq ?? 0;
    // The owner may renew in between; then it is tried again.
    await until(async () => {
      const now = (await readLeases(nc, 'stolen')).get('1')?.seq ?? seq;
      const record = { v: 1, owner: 'thief', instance: 'thief' } as const;
      return (await writeLease(thief, { group: 'stolen', part: '1', record, expectedSeq: now })) !== undefined;
    });
    await until(() => a.heard.includes('lost 1'));
    expect(ownedBy(a)).toBe('0,2,3');
    thief.close();
  });

  it('stay with their owner when the stream of leases is lost and made again', async () => {
    const a = await member('recreated', 'a');
    await jsApi(nc, `STREAM.DELETE.${STREAMS.leases}`, {});
    await ensureStreams(nc);
    await until(async () => (await readLeases(nc, 'recreated')).size === PARTS + 1);
    expect([ownedBy(a), a.heard.filter((line) => line.startsWith('lost'))]).toEqual(['0,1,2,3', []]);
  });

  it('are seen to be renewed, by others too, after sequences have begun again', async () => {
    const a = await member('begun-again', 'a', { leaseMs: 1_000 });
    const b = await member('begun-again', 'b', { leaseMs: 1_000 });
    await until(() => a.parts.owned.size === 2 && b.parts.owned.size === 2);
    // Higher sequences than those of the stream that comes after.
    const writer = createPublisher(nc);
    const record = { v: 1, instance: 'x' } as const;
    for (let n = 0; n < 3_000; n += 1) await writeLease(writer, { group: 'others', part: '0', record });
    writer.close();
    await until(() => a.parts.owners().every(({ instance }) => instance !== undefined));
    await jsApi(nc, `STREAM.DELETE.${STREAMS.leases}`, {});
    await ensureStreams(nc);
    // Longer than any lease that was seen before can count.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const namesSeenBy = ({ parts }: { parts: LeasedParts }): string =>
      [...parts.owners().map(({ instance }) => instance ?? '-')].sort().join('');
    await until(() => namesSeenBy(a) === 'aabb' && namesSeenBy(b) === 'aabb');
  });
});

describe('a queue that one process at a time takes from', () => {
  const partition = 3;
  const take = (
    connection: NatsConnection,
    handle: (message: WorkMessage) => Promise<Handled> | Handled,
  ): Promise<SharedWorkQueue> =>
    consumeWorkQueue(connection, {
      stream: STREAMS.tasks,
      durable: `spec-${partition}`,
      filterSubject: SUBJECT_FILTERS.tasks,
      maxInFlight: 10,
      // Far longer than the test: nothing comes back by itself.
      ackWaitMs: 600_000,
      maxDeliver: 3,
      exclusive: true,
      handle,
    });
  const never = (): Promise<Handled> => new Promise(() => {});

  it('gives the next owner at once what the former had in hand, and counts on', async () => {
    const publisher = createPublisher(nc);
    for (let n = 0; n < 5; n += 1) await publisher.publish('tl.task.q.normal.acme', `task ${n}`);
    // Twice somebody takes them all and dies.
    for (let death = 0; death < 2; death += 1) {
      const connection = await connectNats({ url: server.url, name: 'dies' });
      const inHand = new Set<number>();
      await take(connection, (message) => {
        inHand.add(message.seq);
        return never();
      });
      await until(() => inHand.size === 5);
      await connection.close();
      // As long as a lease takes to lapse: requests of the dead are gone by then.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    }
    const seen: [string, number][] = [];
    const queue = await take(nc, (message) => {
      seen.push([Buffer.from(message.bytes).toString(), message.deliveries]);
      return { kind: 'done' };
    });
    await until(() => seen.length === 5);
    expect(new Set(seen.map(([text]) => text)).size).toBe(5);
    expect(seen.map(([, deliveries]) => deliveries)).toEqual([3, 3, 3, 3, 3]);
    await queue.drain();
    publisher.close();
  }, 60_000);
});
