import { jetstreamManager } from '@nats-io/jetstream';
import {
  attemptTokenSchema,
  correlationIdSchema,
  executionIdSchema,
  instantSchema,
  parseDueSubject,
  queueSchema,
  type StepTask,
  STREAMS,
  SUBJECT_FILTERS,
  tenantSchema,
  timerIdSchema,
  type TimerMessage,
  timerSubject,
} from '@throughline/contracts';
import { newRef } from '../event-log.conformance.ts';
import { connectNats, type NatsConnection } from './connection.ts';
import { armTimer, cancelTimer, publishTask, queueIsIdle, timerIsThere } from './effects.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams } from './streams.ts';
import type { WorkMessage } from '../handled.ts';
import { consumeWorkQueue, type WorkQueue } from './work-queue.ts';

let server: SpecServer;
let nc: NatsConnection;
let publisher: Publisher;
let due: WorkMessage[];
let consumer: WorkQueue;

beforeAll(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc);
  publisher = createPublisher(nc);
  consumer = await consumeWorkQueue(nc, {
    stream: STREAMS.timers,
    durable: 'timers',
    filterSubject: SUBJECT_FILTERS.fired,
    maxInFlight: 64,
    ackWaitMs: 1_000,
    maxDeliver: 3,
    handle: (message) => {
      due.push(message);
      return { kind: 'done' };
    },
  });
}, 30_000);
beforeEach(() => {
  due = [];
});
afterAll(async () => {
  await consumer?.drain();
  await nc?.close();
  await server?.stop();
});

const timerAt = (name: string, inMs: number): TimerMessage => ({
  v: 1,
  timer: timerIdSchema.parse(name),
  dueAt: instantSchema.parse(new Date(Date.now() + inMs).toISOString()),
  correlationId: correlationIdSchema.parse('correlation-1'),
});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const storedUnder = async (filter: string): Promise<number> => {
  const { state } = await (await jetstreamManager(nc)).streams.info(STREAMS.timers, { subjects_filter: filter });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
};

describe('timers', () => {
  it('a timer fires once, not before its time, with its own body and no message id', async () => {
    const ref = newRef();
    const message = timerAt('once', 700);
    await armTimer(publisher, ref, message);
    await pause(2_000);
    expect(due.map(({ subject }) => parseDueSubject(subject))).toEqual([{ ref, timer: message.timer }]);
    expect(JSON.parse(Buffer.from(due[0]?.bytes ?? '').toString())).toEqual(message);
    expect(due[0]?.storedAtMs).toBeGreaterThanOrEqual(Date.parse(message.dueAt));
    expect(due[0]?.header('Nats-Msg-Id')).toBeUndefined();
    expect(await storedUnder('tl.>')).toBe(0);
  });

  it('a schedule waits on its own subject, and is there until it fires', async () => {
    const ref = newRef();
    await armTimer(publisher, ref, timerAt('left', 600));
    await armTimer(publisher, ref, timerAt('right', 60_000));
    expect(await timerIsThere(nc, ref, timerIdSchema.parse('left'))).toBe(true);
    await pause(1_500);
    expect(due).toHaveLength(1);
    expect(await timerIsThere(nc, ref, timerIdSchema.parse('left'))).toBe(false);
    expect(await timerIsThere(nc, ref, timerIdSchema.parse('right'))).toBe(true);
    expect(await timerIsThere(nc, ref, timerIdSchema.parse('never'))).toBe(false);
  });

  it('a cancelled timer never fires, and cancelling one that is not there does nothing', async () => {
    const ref = newRef();
    const message = timerAt('cancelled', 500);
    await armTimer(publisher, ref, message);
    await cancelTimer(nc, ref, message.timer);
    await cancelTimer(nc, ref, message.timer);
    await pause(1_300);
    expect(due).toEqual([]);
    expect(await storedUnder(timerSubject(ref, message.timer))).toBe(0);
  });

  it('arming again replaces the schedule: one timer, at the new time', async () => {
    const ref = newRef();
    await armTimer(publisher, ref, timerAt('again', 60_000));
    const sooner = timerAt('again', 400);
    await armTimer(publisher, ref, sooner);
    await pause(1_300);
    expect(due.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()).dueAt)).toEqual([sooner.dueAt]);
    expect(await timerIsThere(nc, ref, sooner.timer)).toBe(false);
  });

  it('a timer that is due already fires at once, and can be armed again after it fired', async () => {
    const ref = newRef();
    await armTimer(publisher, ref, timerAt('late', -60_000));
    await pause(700);
    await armTimer(publisher, ref, timerAt('late', -60_000));
    await pause(700);
    expect(due).toHaveLength(2);
  });

  it.each(['2262-04-12T00:00:00.000Z', '9999-12-31T23:59:59.000Z'])(
    'a timer due at %s, beyond what the server can count to, waits and does not fire at once',
    async (dueAt) => {
      const ref = newRef();
      const message = { ...timerAt('far', 0), dueAt: instantSchema.parse(dueAt) };
      await armTimer(publisher, ref, message);
      await pause(1_000);
      expect(due).toEqual([]);
      expect(await timerIsThere(nc, ref, message.timer)).toBe(true);
      await cancelTimer(nc, ref, message.timer);
    },
  );

  it('armed timers survive kill -9 of the server once it had a moment to write them', async () => {
    const ref = newRef();
    const message = timerAt('survivor', 4_000);
    await armTimer(publisher, ref, message);
    await pause(500);
    await server.kill();
    await server.restart();
    const untilMs = Date.now() + 10_000;
    while (due.length === 0 && Date.now() < untilMs) await pause(50);
    expect(due.map(({ subject }) => parseDueSubject(subject))).toEqual([{ ref, timer: message.timer }]);
  }, 20_000);
});

describe('tasks', () => {
  const task: StepTask = {
    v: 1,
    tenant: tenantSchema.parse('acme'),
    executionId: executionIdSchema.parse('execution-1'),
    token: attemptTokenSchema.parse('1.2'),
    workflow: { name: 'orders', version: 1 },
    state: 'Charge',
    frame: '0',
    attempt: 1,
    resource: 'tl:task:default:charge',
    queue: queueSchema.parse('default'),
    handler: 'charge',
    input: null,
    effectClass: 'idempotent',
    idempotencyKey: 'a'.repeat(64),
    scheduledAt: instantSchema.parse('2026-01-31T12:00:00.000Z'),
    correlationId: correlationIdSchema.parse('correlation-1'),
  };

  it('the same attempt published twice is there once; the next attempt is another task', async () => {
    expect(await queueIsIdle(nc, task.queue)).toBe(true);
    await publishTask(publisher, task);
    await publishTask(publisher, task);
    await publishTask(publisher, { ...task, token: attemptTokenSchema.parse('2.0'), attempt: 2 });
    const { state } = await (await jetstreamManager(nc)).streams.info(STREAMS.tasks);
    expect(state.messages).toBe(2);
    expect(await queueIsIdle(nc, task.queue)).toBe(false);
    expect(await queueIsIdle(nc, queueSchema.parse('other'))).toBe(true);
  });

  it('where the streams are gone nothing is there, and cancelling does not fail', async () => {
    const jsm = await jetstreamManager(nc);
    await jsm.streams.delete(STREAMS.tasks);
    await jsm.streams.delete(STREAMS.timers);
    expect(await queueIsIdle(nc, task.queue)).toBe(true);
    expect(await timerIsThere(nc, newRef(), timerIdSchema.parse('any'))).toBe(false);
    await cancelTimer(nc, newRef(), timerIdSchema.parse('any'));
    await expect(publishTask(publisher, task)).rejects.toMatchObject({ kind: 'no-responders' });
  });
});
