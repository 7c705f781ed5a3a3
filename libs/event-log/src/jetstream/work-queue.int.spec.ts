import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  commandSubject,
  type DeadLetter,
  queueSchema,
  STREAMS,
  SUBJECT_FILTERS,
  taskSubject,
  tenantSchema,
} from '@throughline/contracts';
import { newRef } from '../event-log.conformance.ts';
import { connectNats, type NatsConnection } from './connection.ts';

import { createPublisher, type Publisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams, watchStreams } from './streams.ts';
import type { Handled, WorkMessage } from '../handled.ts';
import { consumeWorkQueue, type SharedWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue.ts';

let server: SpecServer;
let nc: NatsConnection;
let publisher: Publisher;
let queues: WorkQueue[] = [];

beforeEach(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc);
  publisher = createPublisher(nc);
}, 30_000);
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.drain(200)));
  queues = [];
  await nc?.close();
  await server?.stop();
}, 30_000);

const queueName = queueSchema.parse('default');
const subject = taskSubject(queueName, 'normal', tenantSchema.parse('acme'));
const send = (text: string | Uint8Array): Promise<unknown> => publisher.publish(subject, text);
const textOf = (message: WorkMessage): string => Buffer.from(message.bytes).toString('utf8');
const until = async (what: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> => {
  const endMs = Date.now() + withinMs;
  while (!(await what())) {
    if (Date.now() > endMs) throw new Error('did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const consume = async (
  handle: WorkQueueOptions['handle'],
  options: Partial<WorkQueueOptions> = {},
  connection = nc,
): Promise<SharedWorkQueue> => {
  const queue = await consumeWorkQueue(connection, {
    stream: STREAMS.tasks,
    durable: 'workers-default',
    filterSubject: SUBJECT_FILTERS.tasksOfQueue(queueName),
    maxInFlight: 8,
    ackWaitMs: 1_000,
    maxDeliver: 3,
    handle,
    ...options,
  });
  queues.push(queue);
  return queue;
};
const messagesIn = async (stream: string): Promise<number> =>
  (await (await jetstreamManager(nc)).streams.info(stream)).state.messages;
const deadLetters = async (): Promise<readonly DeadLetter[]> => {
  const jsm = await jetstreamManager(nc);
  const letters: DeadLetter[] = [];
  for (let seq = 1; seq <= (await messagesIn(STREAMS.dead)); seq += 1) {
    const stored = await jsm.streams.getMessage(STREAMS.dead, { seq });
    if (stored) letters.push(stored.json<DeadLetter>());
  }
  return letters;
};

describe('a work queue', () => {
  it('handles each message, acks it last, and leaves nothing behind', async () => {
    const seen: string[] = [];
    const stillStored: number[] = [];
    await consume(async (message) => {
      seen.push(textOf(message));
      stillStored.push(await messagesIn(STREAMS.tasks));
      return { kind: 'done' };
    });
    for (let n = 0; n < 20; n += 1) await send(`task ${n}`);
    await until(async () => seen.length === 20 && (await messagesIn(STREAMS.tasks)) === 0);
    expect(new Set(seen).size).toBe(20);
    expect(Math.min(...stillStored)).toBeGreaterThan(0);
  });

  it('never has more in hand than it has slots', async () => {
    let [inHand, most, done] = [0, 0, 0];
    await consume(
      async () => {
        most = Math.max(most, (inHand += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        inHand -= 1;
        done += 1;
        return { kind: 'done' };
      },
      { maxInFlight: 3 },
    );
    await Promise.all(Array.from({ length: 100 }, (_, n) => send(`task ${n}`)));
    await until(() => done === 100);
    expect(most).toBe(3);
  });

  it('a handler that takes longer than ackWait keeps its message by in-progress acks', async () => {
    const deliveries: number[] = [];
    await consume(
      async (message) => {
        deliveries.push(message.deliveries);
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        return { kind: 'done' };
      },
      { ackWaitMs: 600 },
    );
    await send('slow');
    await until(async () => deliveries.length > 0 && (await messagesIn(STREAMS.tasks)) === 0);
    expect(deliveries).toEqual([1]);
  });

  it('poison goes to TL_DEAD with its reason and is acked, not looped', async () => {
    let handled = 0;
    await consume(() => {
      handled += 1;
      return { kind: 'dead', code: 'TL0301', reason: 'not JSON' };
    });
    await send(Buffer.from([0xff, 0xfe, 0x00]));
    await send('{"half":');
    await until(async () => (await messagesIn(STREAMS.dead)) === 2 && (await messagesIn(STREAMS.tasks)) === 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const letters = await deadLetters();
    expect(handled).toBe(2);
    expect(letters).toMatchObject([
      {
        v: 1,
        stream: 'TL_TASKS',
        subject,
        deliveries: 1,
        code: 'TL0301',
        reason: 'not JSON',
        payload: { encoding: 'base64', data: '//4A', bytes: 3 },
      },
      { payload: { encoding: 'utf8', data: '{"half":' } },
    ]);
  });

  it('a message that keeps failing is dead-lettered at its last delivery, after waits in between', async () => {
    const deliveries: number[] = [];
    await consume((message) => {
      deliveries.push(message.deliveries);
      throw new Error('the handler is broken');
    });
    await send('poor thing');
    await until(async () => (await messagesIn(STREAMS.dead)) === 1 && (await messagesIn(STREAMS.tasks)) === 0);
    expect(deliveries).toEqual([1, 2, 3]);
    expect(await deadLetters()).toMatchObject([{ deliveries: 3, code: 'TL0302', reason: 'the handler is broken' }]);
  });

  it('a message that outages have brought again and again is handled; one that its processes die with is dead-lettered', async () => {
    const jsm = await jetstreamManager(nc);
    const filter = SUBJECT_FILTERS.tasksOfQueue(queueName);
    await jsm.consumers.add(STREAMS.tasks, {
      durable_name: 'workers-default',
      filter_subject: filter,
      ack_policy: 'explicit',
      ack_wait: 50e6,
    });
    await Promise.all([send('unlucky'), send('killer')]);
    const outages = await jetstream(nc).consumers.get(STREAMS.tasks, 'workers-default');
    for (let delivery = 0; delivery < 10; delivery += 1) expect(await outages.next({ expires: 2_000 })).not.toBeNull();
    const handled: string[] = [];
    for (let life = 1; life <= 4; life += 1) {
      const mortal = await connectNats({ url: server.url, name: 'mortal' });
      const before = handled.length;
      const queue = await consume(
        (message) => {
          handled.push(textOf(message));
          // Whoever dies of it says nothing any more.
          return textOf(message) === 'killer' ? new Promise<Handled>(() => {}) : { kind: 'done' };
        },
        {},
        mortal,
      );
      await until(async () => handled.slice(before).includes('killer') || (await messagesIn(STREAMS.dead)) === 1);
      await mortal.close();
      queue.abandon();
      queues = [];
    }
    expect(handled.sort()).toEqual(['killer', 'killer', 'killer', 'unlucky']);
    expect(await deadLetters()).toMatchObject([
      { code: 'TL0302', reason: '3 processes that handled it ended, or hang' },
    ]);
    await until(async () => (await messagesIn(STREAMS.tasks)) === 0);
    expect(await messagesIn(STREAMS.leases)).toBe(0);
  }, 30_000);

  it('of many that outages have brought again and again one at a time is tried, and who gives its queue up leaves no mark', async () => {
    const jsm = await jetstreamManager(nc);
    const filter_subject = SUBJECT_FILTERS.tasksOfQueue(queueName);
    const config = { durable_name: 'workers-default', filter_subject, ack_policy: 'explicit', ack_wait: 50e6 } as const;
    await jsm.consumers.add(STREAMS.tasks, config);
    const names = Array.from({ length: 20 }, (_, n) => `unlucky-${n}`);
    await Promise.all(names.map((name) => send(name)));
    const outages = await jetstream(nc).consumers.get(STREAMS.tasks, 'workers-default');
    for (let delivery = 0; delivery < 220; delivery += 1) expect(await outages.next({ expires: 2_000 })).not.toBeNull();
    const begun: string[] = [];
    for (let owner = 1; owner <= 4; owner += 1) {
      const before = begun.length;
      const queue = await consume((message) => {
        begun.push(textOf(message));
        return new Promise<Handled>(() => {});
      });
      await until(() => begun.length > before);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(begun.length).toBe(before + 1);
      expect(await messagesIn(STREAMS.leases)).toBe(1);
      queue.abandon();
      queues = [];
      await until(async () => (await messagesIn(STREAMS.leases)) === 0);
    }
    const handled: string[] = [];
    await consume((message) => {
      handled.push(textOf(message));
      return { kind: 'done' };
    });
    await until(async () => (await messagesIn(STREAMS.tasks)) === 0);
    expect(handled.sort()).toEqual(names.sort());
    expect(await messagesIn(STREAMS.dead)).toBe(0);
  }, 30_000);

  it('an outage of what the handler needs never dead-letters: the message is handled when it is over', async () => {
    const outcomes: Handled['kind'][] = [];
    const startedMs = Date.now();
    await consume(
      (message) => {
        const handled: Handled =
          Date.now() - startedMs < 2_000 ? { kind: 'unavailable', reason: 'no log' } : { kind: 'done' };
        expect(message.deliveries).toBe(1);
        outcomes.push(handled.kind);
        return handled;
      },
      { ackWaitMs: 600, maxDeliver: 1 },
    );
    await send('patient');
    await until(async () => outcomes.at(-1) === 'done' && (await messagesIn(STREAMS.tasks)) === 0);
    expect(outcomes.length).toBeGreaterThan(2);
    expect(await messagesIn(STREAMS.dead)).toBe(0);
  });

  it('goes on after stream and consumer were deleted under it', async () => {
    const seen: string[] = [];
    const problems: string[] = [];
    const watch = watchStreams(nc, { everyMs: 100, onRecreated: () => {}, onProblem: () => {} });
    const queue = await consume(
      (message) => {
        seen.push(textOf(message));
        return { kind: 'done' };
      },
      { onProblem: (problem) => problems.push(problem) },
    );
    await send('before');
    await until(() => seen.length === 1);
    const jsm = await jetstreamManager(nc);
    await jsm.consumers.delete(STREAMS.tasks, 'workers-default');
    await until(() => problems.length > 0 && queue.connected);
    await send('after the consumer');
    await until(() => seen.length === 2);
    await jsm.streams.delete(STREAMS.tasks);
    await until(async () =>
      send('after the stream').then(
        () => true,
        () => false,
      ),
    );
    await until(() => seen.length >= 3);
    await watch.stop();
    expect(seen.slice(0, 3)).toEqual(['before', 'after the consumer', 'after the stream']);
  }, 20_000);

  it('goes on after the server was killed and restarted', async () => {
    const seen = new Set<string>();
    await consume((message) => {
      seen.add(textOf(message));
      return { kind: 'done' };
    });
    await send('before');
    await until(() => seen.size === 1);
    await server.kill();
    await server.restart();
    await until(async () =>
      send('after').then(
        () => true,
        () => false,
      ),
    );
    await until(() => seen.has('after'));
  }, 30_000);

  it('drain finishes what is in hand, and the rest goes to the next process at once', async () => {
    const first: string[] = [];
    const second: string[] = [];
    const draining = await consume(
      async (message) => {
        first.push(textOf(message));
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { kind: 'done' };
      },
      { maxInFlight: 2, ackWaitMs: 30_000 },
    );
    for (let n = 0; n < 6; n += 1) await send(`task ${n}`);
    await until(() => first.length === 2);
    await draining.drain();
    expect(draining.inFlight).toBe(0);
    await consume(
      (message) => {
        second.push(textOf(message));
        return { kind: 'done' };
      },
      { ackWaitMs: 30_000 },
    );
    await until(() => second.length === 4, 5_000);
    expect([...first, ...second].sort()).toEqual(['task 0', 'task 1', 'task 2', 'task 3', 'task 4', 'task 5']);
  });

  it('two processes share one queue, each message once', async () => {
    const seen: string[] = [];
    const take =
      (who: string) =>
      async (message: WorkMessage): Promise<Handled> => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push(`${who} ${textOf(message)}`);
        return { kind: 'done' };
      };
    await consume(take('left'));
    await consume(take('right'));
    await Promise.all(Array.from({ length: 200 }, (_, n) => send(`task ${n}`)));
    await until(async () => (await messagesIn(STREAMS.tasks)) === 0);
    expect(new Set(seen.map((line) => line.replace(/^\w+ /, ''))).size).toBe(200);
    expect(seen).toHaveLength(200);
    expect(seen.some((line) => line.startsWith('left')) && seen.some((line) => line.startsWith('right'))).toBe(true);
  });

  it('a command arrives under its partition, with the broker time', async () => {
    const messages: WorkMessage[] = [];
    await ensureStreams(nc, { partitions: 1 });
    await consume(
      (message) => {
        messages.push(message);
        return { kind: 'done' };
      },
      { stream: STREAMS.commands, durable: 'orchestrator-0', filterSubject: SUBJECT_FILTERS.commandsOfPartition(0) },
    );
    const ref = newRef();
    await publisher.publish(commandSubject('client', ref), '{}', { headers: { 'X-Known': 'yes' } });
    await until(() => messages.length === 1);
    expect(messages[0]?.subject).toBe(`tl.cmd.0.client.acme.workflow.${ref.aggregateId}`);
    expect(messages[0]?.header('X-Known')).toBe('yes');
    expect(messages[0]?.header('X-Unknown')).toBeUndefined();
    expect(Math.abs((messages[0]?.storedAtMs ?? 0) - Date.now())).toBeLessThan(5_000);
  });
});
