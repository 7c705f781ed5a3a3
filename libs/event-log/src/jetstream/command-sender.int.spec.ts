import { jetstreamManager } from '@nats-io/jetstream';
import { type CommandAnswer, commandIdSchema, STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import { newRef } from '../event-log.conformance.ts';
import { createCommandSender, type CommandSender, type UnaddressedCommand } from './command-sender.ts';
import { connectNats, type NatsConnection } from './connection.ts';
import type { PublishError } from '../log-server.ts';
import { createPublisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams } from './streams.ts';
import { consumeWorkQueue, type WorkQueue } from './work-queue.ts';

let server: SpecServer;
let nc: NatsConnection;
let sender: CommandSender;
let consumer: WorkQueue;
let received: { id: string; replyTo: string }[];
let answerWith: (command: { id: string; replyTo: string }, nth: number) => string | undefined;

beforeAll(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc, { partitions: 1 });
  sender = createCommandSender(nc, { maxPending: 300 });
  consumer = await consumeWorkQueue(nc, {
    stream: STREAMS.commands,
    durable: 'spec',
    filterSubject: SUBJECT_FILTERS.commandsOfPartition(0),
    maxInFlight: 64,
    ackWaitMs: 5_000,
    maxDeliver: 3,
    handle: (message) => {
      const command = JSON.parse(Buffer.from(message.bytes).toString()) as { id: string; replyTo: string };
      received.push(command);
      const answer = answerWith(command, received.length);
      if (answer !== undefined) nc.publish(command.replyTo, answer);
      return { kind: 'done' };
    },
  });
}, 30_000);
beforeEach(() => {
  received = [];
});
afterAll(async () => {
  await consumer?.drain();
  await nc?.close();
  await server?.stop();
});

let commands = 0;
const newCommand = (): UnaddressedCommand => ({
  v: 1,
  id: commandIdSchema.parse(`command-${(commands += 1)}`),
  actor: { kind: 'user', id: 'ann' },
  type: 'RegisterWorkflow',
  body: { name: 'orders', definition: {} },
});
const accepted = (id: string): string =>
  JSON.stringify({ v: 1, outcome: 'accepted', commandId: id, aggregateId: 'a', version: 1, seq: 1, duplicate: false });

describe('the command sender', () => {
  it('gives each sender the answer to its own command', async () => {
    answerWith = ({ id }) => accepted(id);
    const sent = Array.from({ length: 200 }, newCommand);
    const answers = await Promise.all(
      sent.map((command) => sender.send('client', newRef(), command, { timeoutMs: 5_000, resendMs: 5_000 })),
    );
    expect(answers.map((answer) => 'commandId' in answer && answer.commandId)).toEqual(sent.map(({ id }) => id));
    expect(received).toHaveLength(200);
    expect(sender.pending).toBe(0);
  });

  it('a refusal is an answer', async () => {
    const refusal: CommandAnswer = {
      v: 1,
      outcome: 'refused',
      refusal: { code: 'TL0101', message: 'no such workflow' },
    };
    answerWith = () => JSON.stringify(refusal);
    expect(await sender.send('client', newRef(), newCommand(), { timeoutMs: 2_000, resendMs: 2_000 })).toEqual(refusal);
  });

  it('goes out again under the same id until it is answered; what is no answer is not taken for one', async () => {
    answerWith = ({ id }, nth) => (nth < 3 ? '{"outcome":"maybe"}' : accepted(id));
    const command = newCommand();
    const answer = await sender.send('client', newRef(), command, { timeoutMs: 5_000, resendMs: 100 });
    expect(answer).toMatchObject({ outcome: 'accepted', commandId: command.id });
    expect(received.map(({ id }) => id)).toEqual([command.id, command.id, command.id]);
  });

  it('without an answer in time the outcome is unknown', async () => {
    answerWith = () => undefined;
    const answer = await sender.send('client', newRef(), newCommand(), { timeoutMs: 200, resendMs: 1_000 });
    expect(answer).toEqual({ outcome: 'unknown' });
  });

  it('beyond its bound, and beyond the size of a message, a command is refused and not sent', async () => {
    answerWith = () => undefined;
    const crowd = Array.from({ length: 300 }, () =>
      sender.send('client', newRef(), newCommand(), { timeoutMs: 300, resendMs: 1_000 }),
    );
    const options = { timeoutMs: 300, resendMs: 1_000 };
    expect(await sender.send('client', newRef(), newCommand(), options)).toMatchObject({ refusal: { code: 'TL0010' } });
    await Promise.all(crowd);
    const large = { ...newCommand(), body: { name: 'x'.repeat(5_000_000), definition: {} } } as UnaddressedCommand;
    expect(await sender.send('client', newRef(), large, options)).toMatchObject({ refusal: { code: 'TL0005' } });
  });
});

describe('the publisher', () => {
  it('refuses a subject or header that would widen or split the message', async () => {
    const publisher = createPublisher(nc);
    for (const subject of ['tl.log.*.a.b', 'tl.log.>', 'tl.task a', 'tl..x', 'tl.x\r\nPUB y', '']) {
      expect(() => publisher.publish(subject, '')).toThrow('not a subject');
    }
    expect(() => publisher.publish('tl.task.a.b.c', '', { msgId: 'x\r\nNats-Rollup: all' })).toThrow('not a header');
    expect(() => publisher.publish('tl.task.a.b.c', '', { headers: { 'X: y\r\nZ': '1' } })).toThrow('not a header');
  });

  it('says so where no stream listens, where the server refuses, and after it was closed', async () => {
    const publisher = createPublisher(nc);
    await expect(publisher.publish('tl.nowhere', '')).rejects.toMatchObject({ kind: 'no-responders' });
    await expect(publisher.publish('tl.task.a.b.c', '', { expectedLastSubjectSeq: 42 })).rejects.toMatchObject({
      kind: 'refused',
      errCode: 10071,
    });
    publisher.close();
    await expect(publisher.publish('tl.task.a.b.c', '')).rejects.toMatchObject({ kind: 'closed' });
  });

  it('drops a second message of one id, and refuses what its line has no room for', async () => {
    const publisher = createPublisher(nc, { maxInFlight: 1, maxWaiting: 2 });
    const publishes = ['a', 'a', 'b', 'c'].map((msgId) => publisher.publish('tl.dead.spec.acme', msgId, { msgId }));
    const settled = await Promise.allSettled(publishes);
    expect(
      settled.map((result) =>
        result.status === 'fulfilled' ? result.value.duplicate === true : (result.reason as PublishError).kind,
      ),
    ).toEqual([false, true, false, 'overloaded']);
    expect((await (await jetstreamManager(nc)).streams.info(STREAMS.dead)).state.messages).toBe(2);
  });

  it('a publish that is never acked times out, and its late ack harms nobody', async () => {
    const publisher = createPublisher(nc);
    const silent = nc.subscribe('spec.silent', {
      callback: (_error, message) => void setTimeout(() => message.respond('{"stream":"S","seq":1}'), 400),
    });
    await expect(publisher.publish('spec.silent', '', { timeoutMs: 100 })).rejects.toMatchObject({ kind: 'timeout' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(publisher.pending).toBe(0);
    silent.unsubscribe();
  });
});
