import {
  aggregateIdSchema,
  commandSubject,
  dueSubject,
  STREAMS,
  SUBJECT_FILTERS,
  tenantSchema,
  timerIdSchema,
} from '@throughline/contracts';
import {
  connectNats,
  consumersOf,
  consumeWorkQueue,
  createPublisher,
  ensureStreams,
  type NatsConnection,
  partitionsOf,
} from '@throughline/event-log/jetstream';
import { eventually, useServers } from '@throughline/testkit';
import { commandsDurable } from '../consumers/command-consumer.ts';
import { dueDurable } from '../consumers/due-timer-consumer.ts';
import { FormerPartitions, type FormerQueue } from './former-partitions.ts';

const servers = useServers({ postgres: false });
const IDS = Array.from({ length: 40 }, (_, n) => `e-${n}`);
const TIMER = timerIdSchema.parse('t-1');

describe('a number of partitions that became smaller', () => {
  let nc: NatsConnection;

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
  });
  afterAll(() => nc.close());

  const open = (heard: string[]) => (queue: FormerQueue) =>
    consumeWorkQueue(nc, {
      ...queue,
      maxInFlight: 10,
      ackWaitMs: 30_000,
      maxDeliver: 3,
      handle: ({ subject }) => {
        heard.push(subject);
        return { kind: 'done' };
      },
    });
  const ensure = async (partitions: number): Promise<void> => {
    expect((await ensureStreams(nc, { partitions })).kind).toBe('ready');
    expect(await partitionsOf(nc)).toBe(partitions);
  };

  test('strands nothing: what lies in those that are no more is taken in, and their consumers go', async () => {
    await ensure(8);
    // As orchestrators leave them behind: one each, with nothing taken yet.
    for (let partition = 0; partition < 8; partition += 1) {
      const commands = { stream: STREAMS.commands, durable: commandsDurable(partition) };
      const timers = { stream: STREAMS.timers, durable: dueDurable(partition) };
      const never = open([]);
      const made = [
        await never({ ...commands, filterSubject: SUBJECT_FILTERS.commandsOfPartition(partition) }),
        await never({ ...timers, filterSubject: SUBJECT_FILTERS.dueOfPartition(partition) }),
      ];
      await Promise.all(made.map((queue) => queue.drain()));
    }
    const publisher = createPublisher(nc);
    for (const id of IDS) {
      const aggregateId = aggregateIdSchema.parse(id);
      const ref = { tenant: tenantSchema.parse('acme'), aggregate: 'execution', aggregateId } as const;
      await publisher.publish(commandSubject('client', ref), '{}');
      await publisher.publish(dueSubject(ref, TIMER), '{}');
    }
    publisher.close();
    await ensure(2);

    const heard: string[] = [];
    const former = new FormerPartitions({ nc, count: () => 2, open: open(heard) });
    await eventually('only the consumers of two partitions are left', async () => {
      await former.look();
      const left = [...(await consumersOf(nc, STREAMS.commands)), ...(await consumersOf(nc, STREAMS.timers))];
      return left.length === 4;
    });
    await former.stop();
    const partitionIn = (subject: string): number => Number(subject.split('.')[2]);
    expect(heard.every((subject) => partitionIn(subject) >= 2)).toBe(true);
    const inOthers = [...(await consumersOf(nc, STREAMS.commands)), ...(await consumersOf(nc, STREAMS.timers))];
    const left = inOthers.reduce((sum, consumer) => sum + consumer.left, 0);
    expect([new Set(heard).size, heard.length + left]).toEqual([heard.length, 2 * IDS.length]);
    // A third of the ids at least lies in six of eight partitions, however they hash.
    expect(heard.length).toBeGreaterThan(IDS.length / 3);
  });
});
