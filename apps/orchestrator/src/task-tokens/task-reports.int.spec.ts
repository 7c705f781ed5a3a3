import { activityQueue } from '@throughline/asl';
import {
  type ActivityTask,
  type Actor,
  executionRef,
  type Json,
  type Queue,
  queueSchema,
  stepTaskSchema,
  STREAMS,
  SUBJECT_FILTERS,
  taskReportAnswerSchema,
  type TaskReportKind,
  taskSubject,
  taskTokenSubject,
  tenantSchema,
} from '@throughline/contracts';
import {
  connectNats,
  createCommandSender,
  ensureStreams,
  type NatsConnection,
  queueIsIdle,
  takeOne,
  type WorkQueue,
} from '@throughline/event-log/jetstream';
import { armedTimers, type ExecutionState, foldCommit, initialExecution } from '@throughline/execution';
import { type Caller, Refused } from '@throughline/service-host';
import { eventually, useServers } from '@throughline/testkit';
import { ActivityPolls } from '../activities/activity-polls.ts';
import { BROKER_CLOCK, LogRoom } from '@throughline/engine';
import { consumeCommands } from '../consumers/command-consumer.ts';
import { respondToTaskReports } from '../consumers/task-report-responder.ts';
import { CommandGateway } from '../http/command-gateway.ts';
import { decidingSystem, SPEC_TOKENS, TENANT } from '../spec/deciding-system.ts';
import { TaskReports } from './task-reports.ts';

const actor: Actor = { kind: 'user', id: 'spec' };
const caller: Caller = { tenant: TENANT, actor, permissions: [], roles: [], signingKeys: [] };
const stranger: Caller = { ...caller, tenant: tenantSchema.parse('globex') };

const approval: Json = {
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'tl:task:mail:ask.waitForTaskToken',
      Parameters: { 'link.$': "States.Format('https://approve/{}', $$.Task.Token)", 'token.$': '$$.Task.Token' },
      HeartbeatSeconds: 3600,
      Catch: [{ ErrorEquals: ['Rejected'], ResultPath: '$.why', Next: 'No' }],
      End: true,
    },
    No: { Type: 'Pass', End: true },
  },
};
const signing: Json = {
  StartAt: 'Sign',
  States: { Sign: { Type: 'Task', Resource: 'arn:aws:states:eu-west-1:111111111111:activity:sign', End: true } },
};

const watched: Json = {
  StartAt: 'Sign',
  States: {
    Sign: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:111111111111:activity:sign',
      HeartbeatSeconds: 1,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 1 }],
      End: true,
    },
  },
};

describe('reports by task token and polls of activities, over a real log', () => {
  const servers = useServers({ postgres: false });
  let nc: NatsConnection;
  let system: ReturnType<typeof decidingSystem>;
  let queue: WorkQueue;
  let reports: TaskReports;
  let polls: ActivityPolls;
  let stopResponder: () => Promise<void>;

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc, { partitions: 1 });
    system = decidingSystem(nc);
    const room = new LogRoom(system.log);
    const reply = (replyTo: string, answer: unknown): void => nc.publish(replyTo, JSON.stringify(answer));
    queue = await consumeCommands(nc, system.loop, room, {
      partition: 0,
      inFlightMax: 100,
      clock: BROKER_CLOCK,
      reply,
      onProblem: () => {},
    });
    const sender = createCommandSender(nc);
    reports = new TaskReports(SPEC_TOKENS, new CommandGateway(sender));
    polls = new ActivityPolls(nc, sender, SPEC_TOKENS);
    stopResponder = respondToTaskReports(nc, reports).stop;
    expect(await system.register('approval', approval)).toMatchObject({ outcome: 'accepted' });
    expect(await system.register('signing', signing)).toMatchObject({ outcome: 'accepted' });
    expect(await system.register('watched', watched)).toMatchObject({ outcome: 'accepted' });
  });
  afterAll(async () => {
    await stopResponder?.();
    await queue?.drain();
    await nc?.close();
  });

  const stateOf = async (id: string): Promise<ExecutionState> => {
    const ref = executionRef(TENANT, id);
    const read = await system.log.read(ref);
    if (read.kind !== 'commits') throw new Error(read.problem);
    return read.commits.reduce<ExecutionState>(foldCommit, initialExecution(ref));
  };
  /** Nothing but the due time of a timer lets it fire. */
  const fireNextTimer = async (id: string): Promise<void> => {
    const [timer] = armedTimers(await stateOf(id));
    if (!timer) throw new Error(`${id} has no timer`);
    const command = { type: 'FireTimer', body: { timer: timer.id } } as const;
    await eventually('the timer is due', async () => {
      const { outcome } = await system.decide(executionRef(TENANT, id), command);
      return outcome === 'accepted';
    });
  };
  const taskOn = async (name: string) => {
    const mail: Queue = queueSchema.parse(name);
    const source = {
      stream: STREAMS.tasks,
      durable: `spec-${name}`,
      filterSubject: SUBJECT_FILTERS.tasksOfQueue(mail),
      ackWaitMs: 30_000,
      inactiveMs: 60_000,
    };
    const taken = await takeOne(nc, source, { waitMs: 5_000, signal: new AbortController().signal });
    if (!taken) throw new Error(`no task on ${name}`);
    taken.ack();
    return stepTaskSchema.parse(JSON.parse(Buffer.from(taken.bytes).toString()));
  };
  /** Starts an approval; resolves with the token that its task came with. */
  const asked = async (id: string): Promise<string> => {
    await system.start(id, 'approval');
    const { input } = await taskOn('mail');
    // The cast names what the machine above asks for.
    return (input as { token: string }).token;
  };
  const poll = (waitMs = 5_000, by = caller): Promise<ActivityTask | null> =>
    polls.poll(by, 'sign', { waitMs, worker: 'spec', signal: new AbortController().signal });
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'accepted',
      (thrown: unknown) => (thrown instanceof Refused ? thrown.code : String(thrown)),
    );

  it('a task comes with its token wherever the definition asks for it, and the log holds none', async () => {
    await system.start('a1', 'approval');
    const { input, token } = await taskOn('mail');
    const issued = SPEC_TOKENS.issue({ tenant: TENANT, executionId: 'a1' as never, token });
    expect(input).toEqual({ link: `https://approve/${issued}`, token: issued });
    const read = await system.log.read(executionRef(TENANT, 'a1'));
    expect(JSON.stringify(read)).not.toContain(issued);
  });

  it('a success ends the step with its output; the same again is answered as the first, another is refused', async () => {
    const taskToken = await asked('a2');
    const body = { taskToken, output: { approved: true } };
    expect(await reports.report(caller, { kind: 'success', body })).toEqual({ executionId: 'a2', duplicate: false });
    expect(await reports.report(caller, { kind: 'success', body })).toEqual({ executionId: 'a2', duplicate: true });
    const other = { kind: 'success', body: { taskToken, output: { approved: false } } } as const;
    expect(await codeOf(reports.report(caller, other))).toBe('TL0107');
    expect(await stateOf('a2')).toMatchObject({ status: 'succeeded', end: { output: { approved: true } } });
  });

  it("a failure is the step's error, which its Catch sees", async () => {
    const taskToken = await asked('a3');
    await reports.report(caller, { kind: 'failure', body: { taskToken, error: 'Rejected', cause: 'too dear' } });
    const { end } = await stateOf('a3');
    expect(end?.output).toEqual({ why: { Error: 'Rejected', Cause: 'too dear' } });
  });

  it('heartbeats count one by one until the attempt is over', async () => {
    const taskToken = await asked('a4');
    for (let i = 0; i < 2; i += 1) await reports.report(caller, { kind: 'heartbeat', body: { taskToken } });
    expect((await stateOf('a4')).version).toBe(3);
    await reports.report(caller, { kind: 'failure', body: { taskToken } });
    expect(await codeOf(reports.report(caller, { kind: 'heartbeat', body: { taskToken } }))).toBe('TL0107');
  });

  it("a forged token and another tenant's look alike", async () => {
    const taskToken = await asked('a5');
    const forged = `${taskToken.slice(0, -3)}xyz`;
    const messages = [
      reports.report(caller, { kind: 'heartbeat', body: { taskToken: forged } }),
      reports.report(stranger, { kind: 'heartbeat', body: { taskToken } }),
    ].map((work) =>
      work.catch((thrown: unknown) => (thrown instanceof Refused ? [thrown.code, thrown.message] : thrown)),
    );
    const [first, second] = await Promise.all(messages);
    expect(first).toEqual(['TL0112', expect.any(String)]);
    expect(second).toEqual(first);
  });

  it('an output that is too large, or that no JSON text can hold, is refused and the attempt stays open', async () => {
    const taskToken = await asked('a6');
    const send = (output: Json) => codeOf(reports.report(caller, { kind: 'success', body: { taskToken, output } }));
    expect(await send('x'.repeat(300_000))).toBe('TL0005');
    expect(await send(Number.POSITIVE_INFINITY)).toMatch(/^TL000/);
    expect((await stateOf('a6')).attempts.size).toBe(1);
  });

  it('over NATS a report is answered after its commit, or with why not', async () => {
    const taskToken = await asked('a7');
    const request = async (kind: TaskReportKind, body: unknown) => {
      const message = await nc.request(taskTokenSubject(TENANT, kind), JSON.stringify(body), { timeout: 10_000 });
      return taskReportAnswerSchema.parse(message.json());
    };
    expect(await request('success', { taskToken, output: 7 })).toEqual({
      v: 1,
      outcome: 'accepted',
      executionId: 'a7',
      duplicate: false,
    });
    expect(await stateOf('a7')).toMatchObject({ status: 'succeeded', end: { output: 7 } });
    expect(await request('heartbeat', { taskToken })).toMatchObject({ refusal: { code: 'TL0107' } });
    expect(await request('heartbeat', { taskToken: 'made-up' })).toMatchObject({ refusal: { code: 'TL0112' } });
    expect(await request('success', { taskToken })).toMatchObject({ refusal: { code: 'TL0001' } });
  });

  it('a poll that waits gets the task that comes, and its token ends it', async () => {
    const waiting = poll();
    await system.start('s1', 'signing', { page: 1 });
    const task = await waiting;
    expect(task).toMatchObject({ executionId: 's1', state: 'Sign', attempt: 1, input: { page: 1 } });
    expect([...(await stateOf('s1')).attempts.values()]).toMatchObject([{ submitted: true }]);
    await reports.report(caller, { kind: 'success', body: { taskToken: task?.taskToken ?? '', output: 'signed' } });
    expect(await stateOf('s1')).toMatchObject({ status: 'succeeded', end: { output: 'signed' } });
  });

  it('each task is given to one poll, and a poll without one ends with nothing', async () => {
    await Promise.all([system.start('s2', 'signing'), system.start('s3', 'signing')]);
    const tasks = await Promise.all([poll(), poll()]);
    expect(tasks.map((task) => task?.executionId as string).sort()).toEqual(['s2', 's3']);
    expect(await poll(0)).toBeNull();
  });

  it("another tenant's polls are given nothing", async () => {
    await system.start('s4', 'signing');
    expect(await poll(300, stranger)).toBeNull();
    expect((await poll())?.executionId).toBe('s4');
  });

  it('the task of an execution that was cancelled meanwhile is passed over', async () => {
    await system.start('s5', 'signing');
    await system.decide(executionRef(TENANT, 's5'), { type: 'CancelExecution', body: {} });
    await system.start('s6', 'signing');
    expect((await poll())?.executionId).toBe('s6');
  });

  it('polls of several processes share the tasks: each is given once', async () => {
    const others = await connectNats({ url: servers.natsUrl, name: 'spec, another process' });
    const elsewhere = new ActivityPolls(others, createCommandSender(others), SPEC_TOKENS);
    const options = { waitMs: 20_000, worker: 'elsewhere', signal: new AbortController().signal };
    const ids = Array.from({ length: 12 }, (_, i) => `m${String(i).padStart(2, '0')}`);
    const waiting = ids.map((_, i) => (i % 2 === 0 ? poll(20_000) : elsewhere.poll(caller, 'sign', options)));
    await Promise.all(ids.map((id) => system.start(id, 'signing')));
    const tasks = await Promise.all(waiting);
    expect(tasks.map((task) => task?.executionId as string).sort()).toEqual(ids);
    expect(await poll(0)).toBeNull();
    await others.close();
  });

  it('what is no task on the queue of an activity is taken off it, and the task behind it is given', async () => {
    const sign = activityQueue('sign');
    await nc.request(taskSubject(sign, 'normal', TENANT), 'no task');
    await system.start('s8', 'signing');
    expect((await poll())?.executionId).toBe('s8');
    await eventually('both are off the queue', () => queueIsIdle(nc, sign));
  });

  it('one who polled and is silent has lost the task: its retry is polled by the next, and his token opens nothing', async () => {
    await system.start('s9', 'watched');
    const silent = await poll();
    await fireNextTimer('s9');
    await fireNextTimer('s9');
    const next = await poll();
    expect([silent, next]).toMatchObject([
      { executionId: 's9', attempt: 1, heartbeatMs: 1_000 },
      { executionId: 's9', attempt: 2 },
    ]);
    const report = (task: ActivityTask | null) =>
      reports.report(caller, { kind: 'success', body: { taskToken: task?.taskToken ?? '', output: 1 } });
    expect(await codeOf(report(silent))).toBe('TL0107');
    expect(await codeOf(report(next))).toBe('accepted');
    expect(await stateOf('s9')).toMatchObject({ status: 'succeeded', end: { output: 1 } });
  });

  it('a caller who hangs up takes no task with him', async () => {
    const gone = new AbortController();
    const waiting = polls.poll(caller, 'sign', { waitMs: 60_000, worker: undefined, signal: gone.signal });
    gone.abort();
    expect(await waiting).toBeNull();
    await system.start('s7', 'signing');
    expect((await poll())?.executionId).toBe('s7');
    expect(polls.waiting).toBe(0);
  });
});
