import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CommandAnswer,
  commandSubject,
  executionRef,
  type SentCommand,
  type StepTask,
  stepTaskSchema,
  STREAMS,
  SUBJECT_FILTERS,
} from '@throughline/contracts';
import {
  connectNats,
  consumeWorkQueue,
  createPublisher,
  ensureStreams,
  type NatsConnection,
  type Publisher,
  publishTask,
  queueIsIdle,
  type WorkQueue,
} from '@throughline/event-log/jetstream';
import { eventually, useServers } from '@throughline/testkit';
import { z } from 'zod';
import { defineHandler, type Handler } from './handler.ts';
import { type RunningWorker, startWorker } from './start-worker.ts';

const taskFor = (token: string, given: Partial<Record<keyof StepTask, unknown>> = {}): StepTask =>
  stepTaskSchema.parse({
    v: 1,
    tenant: 'default',
    executionId: 'order-1',
    token,
    workflow: { name: 'orders', version: 1 },
    state: 'Price',
    frame: '0',
    attempt: 1,
    resource: 'tl:task:orders:price',
    queue: 'orders',
    handler: 'price',
    input: { amount: 2 },
    effectClass: 'pure',
    idempotencyKey: 'a'.repeat(64),
    scheduledAt: '2026-01-31T12:00:00.000Z',
    correlationId: 'corr-1',
    ...given,
  });

/** Decides as the orchestrator would: by what each spec says. */
type Judge = (command: SentCommand) => CommandAnswer | undefined;
const accepted = (command: SentCommand): CommandAnswer => ({
  v: 1,
  outcome: 'accepted',
  commandId: command.id,
  aggregateId: 'order-1',
  version: 4,
  seq: 4,
  duplicate: false,
});
const refused = (command: SentCommand, code: string): CommandAnswer => ({
  v: 1,
  outcome: 'refused',
  commandId: command.id,
  refusal: { code, message: 'refused by the spec' },
});

const servers = useServers({ postgres: false });

describe('a worker of its own process', () => {
  let nc: NatsConnection;
  let publisher: Publisher;
  let decider: WorkQueue;
  let judge: Judge;
  let commands: { subject: string; command: SentCommand }[];
  const workers: RunningWorker[] = [];

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    publisher = createPublisher(nc);
    decider = await consumeWorkQueue(nc, {
      stream: STREAMS.commands,
      durable: 'spec-decider',
      filterSubject: SUBJECT_FILTERS.commandsStored,
      maxInFlight: 64,
      ackWaitMs: 5_000,
      maxDeliver: 5,
      handle: (message) => {
        // The cast trusts the sender under test; the spec compares what matters.
        const command = JSON.parse(new TextDecoder().decode(message.bytes)) as SentCommand;
        commands.push({ subject: message.subject, command });
        const answer = judge(command);
        if (answer && command.replyTo) nc.publish(command.replyTo, JSON.stringify(answer));
        return { kind: 'done' };
      },
    });
  });
  beforeEach(() => {
    commands = [];
    judge = accepted;
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop(100)));
  });
  afterAll(async () => {
    await decider.drain();
    publisher.close();
    await nc.close();
  });

  const handler = (
    run: Parameters<typeof defineHandler<z.ZodType<{ amount: number }>, z.ZodType>>[0]['run'],
  ): Handler =>
    defineHandler({
      queue: 'orders',
      name: 'price',
      input: z.object({ amount: z.number() }),
      output: z.unknown(),
      run,
    });
  const work = async (given: Handler, concurrency = 4): Promise<RunningWorker> => {
    const worker = await startWorker({ natsUrl: servers.natsUrl, handlers: [given], concurrency });
    workers.push(worker);
    return worker;
  };
  const idle = (): Promise<boolean> =>
    eventually('the queue is idle', () => queueIsIdle(nc, taskFor('1.1').queue), { timeoutMs: 20_000 });

  it('runs a task, reports the result from origin worker, and acks when the result is accepted', async () => {
    await work(handler(({ amount }) => amount * 2));
    await publishTask(publisher, taskFor('3.1'));
    await idle();
    expect(commands).toHaveLength(1);
    expect(commands[0]?.command).toMatchObject({ type: 'CompleteStep', body: { token: '3.1', output: 4 } });
    const sentTo = commandSubject('worker', executionRef(taskFor('3.1').tenant, 'order-1'));
    expect(commands[0]?.subject.split('.').slice(3)).toEqual(sentTo.split('.').slice(2));
  });

  it('repeats an unanswered result under the same id, and does not run the handler again', async () => {
    let runs = 0;
    let unanswered = 2;
    judge = (command) => ((unanswered -= 1) >= 0 ? undefined : accepted(command));
    await work(handler(() => (runs += 1)));
    await publishTask(publisher, taskFor('3.2'));
    await idle();
    expect(commands).toHaveLength(3);
    expect(new Set(commands.map(({ command }) => command.id)).size).toBe(1);
    expect(runs).toBe(1);
  }, 30_000);

  it('a result refused as late settles the task; one refused because the log is away is repeated', async () => {
    const codes = ['TL0203', 'TL0107'];
    judge = (command) => refused(command, codes.shift() ?? 'TL0107');
    await work(handler(() => null));
    await publishTask(publisher, taskFor('3.3'));
    await idle();
    expect(commands).toHaveLength(2);
  });

  it('never runs more handlers at once than it has slots', async () => {
    let running = 0;
    let most = 0;
    await work(
      handler(async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(20);
        running -= 1;
        return null;
      }),
      3,
    );
    for (let n = 0; n < 20; n += 1) await publishTask(publisher, taskFor(`4.${n}`));
    await idle();
    expect(commands).toHaveLength(20);
    expect(most).toBe(3);
  });

  it('a task in the hands of a stopped worker comes to the next one', async () => {
    let aborted = false;
    const stuck = await work(
      handler(
        (_input, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(new Error('aborted'));
            });
          }),
      ),
    );
    await publishTask(publisher, taskFor('5.1'));
    await eventually('the task is in hand', () => stuck.inFlight === 1);
    await stuck.stop(100);
    expect(aborted).toBe(true);
    expect(commands).toEqual([]);
    await work(handler(() => 'second'));
    await idle();
    expect(commands.map(({ command }) => command.body)).toMatchObject([{ token: '5.1', output: 'second' }]);
  }, 30_000);

  it('a message that is no task goes to TL_DEAD and not round and round', async () => {
    await work(handler(() => null));
    await publisher.publish('tl.task.orders.normal.default', new TextEncoder().encode('{"v":1}'));
    await idle();
    expect(commands).toEqual([]);
  });
});
