import { jetstreamManager } from '@nats-io/jetstream';
import {
  type Priority,
  queueSchema,
  STREAMS,
  SUBJECT_FILTERS,
  taskSubject,
  tenantSchema,
} from '@throughline/contracts';
import { connectNats, type NatsConnection } from './connection.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams } from './streams.ts';
import { consumeTasks, type TaskQueueOptions } from './task-queue.ts';
import { announce } from './task-sources.ts';
import type { WorkMessage } from '../handled.ts';
import { consumeWorkQueue, type WorkQueue } from './work-queue.ts';

let server: SpecServer;
let nc: NatsConnection;
let publisher: Publisher;
let queues: WorkQueue[] = [];

beforeAll(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc);
  publisher = createPublisher(nc);
}, 30_000);
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.drain(200)));
  queues = [];
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
}, 30_000);

let queues_made = 0;
const newQueue = () => queueSchema.parse(`q${(queues_made += 1)}`);
const textOf = (message: WorkMessage): string => Buffer.from(message.bytes).toString('utf8');
const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  const endMs = Date.now() + 20_000;
  while (!(await what())) {
    if (Date.now() > endMs) throw new Error('did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const send = async (queue: TaskQueueOptions['queue'], tenant: string, priority: Priority, text: string) => {
  const source = { priority, tenant: tenantSchema.parse(tenant) };
  await publisher.publish(taskSubject(queue, priority, source.tenant), text);
  announce(publisher, queue, source);
};
const sendMany = async (queue: TaskQueueOptions['queue'], tenant: string, priority: Priority, count: number) => {
  await Promise.all(
    Array.from({ length: count }, (_, n) => send(queue, tenant, priority, `${tenant}-${priority}-${n}`)),
  );
};

/** A worker whose tasks end when the spec says so, or at once. */
const worker = async (
  queue: TaskQueueOptions['queue'],
  slots: number,
  held: { until?: Promise<unknown>; workMs?: number } = {},
) => {
  const begun: string[] = [];
  const consumed = await consumeTasks(nc, {
    queue,
    slots,
    ackWaitMs: 2_000,
    maxDeliver: 10,
    handle: async (message) => {
      begun.push(textOf(message));
      await held.until;
      await new Promise((resolve) => setTimeout(resolve, held.workMs ?? 0));
      return { kind: 'done' };
    },
  });
  queues.push(consumed);
  return { begun, consumed };
};
const gate = () => {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { until: opened, open };
};

describe('the tasks of a queue', () => {
  it('of a high priority are begun before those of lower ones that wait longer', async () => {
    const queue = newQueue();
    await sendMany(queue, 'acme', 'low', 20);
    await sendMany(queue, 'acme', 'normal', 20);
    const held = gate();
    const { begun } = await worker(queue, 1, { ...held, workMs: 20 });
    await until(() => begun.length === 1);
    await sendMany(queue, 'acme', 'high', 5);
    // Its announcement makes the worker ask, and what it is given waits in its hand for the slot.
    await new Promise((resolve) => setTimeout(resolve, 300));
    held.open();
    await until(() => begun.length === 45);
    expect(begun.slice(1, 8).filter((text) => text.includes('high'))).toHaveLength(5);
    const lastOf = (priority: string) => begun.findLastIndex((text) => text.includes(priority));
    expect(lastOf('normal')).toBeLessThan(lastOf('low'));
  });

  it('of one tenant are not held up by what another one has piled up', async () => {
    const queue = newQueue();
    await sendMany(queue, 'huge', 'normal', 400);
    await sendMany(queue, 'small', 'normal', 10);
    const { begun } = await worker(queue, 4);
    await until(() => begun.length === 410);
    expect(new Set(begun).size).toBe(410);
    const lastOfSmall = begun.findLastIndex((text) => text.startsWith('small'));
    expect(lastOfSmall).toBeLessThan(100);
  });

  it('of a tenant and priority that nobody has heard of are begun without waiting for the next look', async () => {
    const queue = newQueue();
    const { begun } = await worker(queue, 2);
    for (const tenant of ['a', 'b', 'c']) {
      await send(queue, tenant, 'low', tenant);
      await until(() => begun.includes(tenant));
    }
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('do not stay in the hand of a worker without a free slot while another one has some', async () => {
    const queue = newQueue();
    const held = gate();
    const busy = await worker(queue, 1, held);
    await send(queue, 'a', 'normal', 'long');
    await until(() => busy.begun.length === 1);
    await send(queue, 'b', 'normal', 'short');
    // The busy one may have it in hand by now.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const idle = await worker(queue, 1);
    await until(() => idle.begun.includes('short'));
    held.open();
  });

  it('that an earlier version’s consumer holds are taken over', async () => {
    const queue = newQueue();
    const old = await consumeWorkQueue(nc, {
      stream: STREAMS.tasks,
      durable: `tasks-${queue}`,
      filterSubject: SUBJECT_FILTERS.tasksOfQueue(queue),
      maxInFlight: 1,
      ackWaitMs: 60_000,
      maxDeliver: 10,
      handle: () => new Promise(() => {}),
    });
    await sendMany(queue, 'acme', 'normal', 3);
    await until(() => old.inFlight === 1);
    await old.drain(10);
    const { begun } = await worker(queue, 2);
    await until(() => begun.length === 3);
    const consumers = await (await jetstreamManager(nc)).consumers.list(STREAMS.tasks).next();
    expect(consumers.map(({ name }) => name)).not.toContain(`tasks-${queue}`);
  });
});
