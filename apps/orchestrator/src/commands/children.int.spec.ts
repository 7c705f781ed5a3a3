import { executionRef, type Json, taskTokenSchema } from '@throughline/contracts';
import { connectNats, ensureStreams, type NatsConnection, type WorkQueue } from '@throughline/event-log/jetstream';
import {
  type CommitAt,
  type ExecutionState,
  foldCommit,
  initialExecution,
  type ResolvedMachine,
} from '@throughline/execution';
import { awsHistory, verify } from '@throughline/history';
import { eventually, useServers } from '@throughline/testkit';
import { consumeCommands } from '../consumers/command-consumer.ts';
import { decidingSystem, SPEC_TOKENS, TENANT } from '../spec/deciding-system.ts';
import { BROKER_CLOCK, LogRoom } from '@throughline/engine';

const calling = (way: string, workflow: string, parameters: Record<string, Json> = { 'Input.$': '$' }): Json => ({
  StartAt: 'Call',
  States: {
    Call: {
      Type: 'Task',
      Resource: `arn:aws:states:::states:startExecution${way}`,
      Parameters: { StateMachineArn: workflow, ...parameters },
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.why', Next: 'Caught' }],
      End: true,
    },
    Caught: { Type: 'Pass', End: true },
  },
});
const ECHO: Json = { StartAt: 'Echo', States: { Echo: { Type: 'Pass', End: true } } };

describe('children, over a real log and the queue of commands', () => {
  const servers = useServers({ postgres: false });
  let nc: NatsConnection;
  let system: ReturnType<typeof decidingSystem>;
  let queue: WorkQueue;

  const consume = (): Promise<WorkQueue> =>
    consumeCommands(nc, system.loop, new LogRoom(system.log), {
      partition: 0,
      inFlightMax: 100,
      clock: BROKER_CLOCK,
      reply: (replyTo, answer) => nc.publish(replyTo, JSON.stringify(answer)),
      onProblem: () => {},
    });

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc, { partitions: 1 });
    system = decidingSystem(nc);
    queue = await consume();
    const workflows: Readonly<Record<string, Json>> = {
      echo: ECHO,
      signing: {
        StartAt: 'Sign',
        States: { Sign: { Type: 'Task', Resource: 'arn:aws:states:eu-west-1:111111111111:activity:sign', End: true } },
      },
      sync: calling('.sync:2', 'echo'),
      'sync-signing': calling('.sync', 'signing'),
      lost: calling('', 'nobody'),
      itself: calling('.sync', 'itself'),
      asking: calling('.waitForTaskToken', 'signing', { Input: { 'token.$': '$$.Task.Token' } }),
    };
    for (const [name, definition] of Object.entries(workflows)) {
      expect(await system.register(name, definition)).toMatchObject({ outcome: 'accepted' });
    }
  });
  afterAll(async () => {
    await queue?.drain();
    await nc?.close();
  });

  const logOf = async (id: string): Promise<readonly CommitAt[]> => {
    const read = await system.log.read(executionRef(TENANT, id));
    if (read.kind !== 'commits') throw new Error(read.problem);
    return read.commits;
  };
  const stateOf = async (id: string): Promise<ExecutionState> =>
    (await logOf(id)).reduce<ExecutionState>(foldCommit, initialExecution(executionRef(TENANT, id)));
  const ended = (id: string): Promise<ExecutionState> =>
    eventually(`${id} ends`, async () => {
      const state = await stateOf(id);
      return state.end !== null && state;
    });
  /** The children that an execution has heard of. */
  const childrenOf = async (id: string): Promise<readonly string[]> => {
    const heard = (await logOf(id)).flatMap(({ commit }): string[] =>
      commit.aggregate === 'execution'
        ? commit.commands.flatMap(({ body }) => ('child' in body && body.child ? [body.child] : []))
        : [],
    );
    return [...new Set(heard)];
  };
  const childOf = async (id: string): Promise<ExecutionState> =>
    stateOf(await eventually(`${id} has a child`, async () => (await childrenOf(id))[0]));
  const machineOf = async (state: ExecutionState): Promise<ResolvedMachine> => {
    const machine = await system.catalog.resolve(TENANT, state.start?.workflow.name ?? '');
    if (!machine) throw new Error('no machine');
    return machine;
  };
  const expectReplays = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const machine = await machineOf(await stateOf(id));
      expect(verify(await logOf(id), () => machine)).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    }
  };

  it('a step gets what its child has come to; both replay, and the history is as AWS shows it', async () => {
    await system.start('p1', 'sync', { n: 1 });
    const { end } = await ended('p1');
    const child = await childOf('p1');
    expect(end?.output).toMatchObject({ Status: 'SUCCEEDED', Input: { n: 1 }, Output: { n: 1 } });
    expect(child.start).toMatchObject({ trigger: 'child', parentExecutionId: 'p1', rootExecutionId: 'p1' });
    await expectReplays('p1', child.ref.aggregateId);
    const events = awsHistory(await logOf('p1'));
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(events[4]).toMatchObject({
      taskSubmittedEventDetails: { resourceType: 'states', resource: 'startExecution.sync:2' },
    });
  });

  it('a start that is refused is an error of the step', async () => {
    await system.start('p2', 'lost');
    const { end } = await ended('p2');
    expect(end?.output).toMatchObject({ why: { Error: 'StepFunctions.StateMachineDoesNotExistException' } });
    await expectReplays('p2');
  });

  it('a workflow that starts itself for ever comes to an end', async () => {
    await system.start('p3', 'itself');
    const { end } = await ended('p3');
    expect(end?.output).toMatchObject({ Status: 'SUCCEEDED' });
    const depth = async (id: string): Promise<number> => {
      const state = await stateOf(id);
      const [child] = await childrenOf(id);
      return child === undefined ? (state.start?.generation ?? 0) : depth(child);
    };
    expect(await depth('p3')).toBe(20);
  });

  it('cancelling the parent stops the child that it waits for', async () => {
    await system.start('p4', 'sync-signing');
    const child = await childOf('p4');
    await system.decide(executionRef(TENANT, 'p4'), { type: 'CancelExecution', body: {} });
    expect((await ended(child.ref.aggregateId)).status).toBe('cancelled');
    await expectReplays('p4', child.ref.aggregateId);
  });

  it('a parent that asks is answered, and the two do not go on answering each other', async () => {
    await system.start('p7', 'sync-signing');
    const child = await childOf('p7');
    const before = system.loop.counters.commands;
    for (const id of ['p7', child.ref.aggregateId]) {
      await system.loop.republish(executionRef(TENANT, id), async (effects) => effects);
    }
    // Whatever the messages lead to comes before what is sent after them.
    for (const n of [1, 2, 3]) {
      await system.start(`after-${n}`, 'sync');
      await ended(`after-${n}`);
    }
    // Two asked and answered, and three times a start with its report.
    expect(system.loop.counters.commands - before).toBeLessThanOrEqual(4 + 3 * 3);
    expect((await stateOf('p7')).version).toBe(2);
  });

  it('a child is handed the token that ends its parent, and the log of the parent holds none', async () => {
    await system.start('p5', 'asking');
    const child = await childOf('p5');
    // The cast names what the machine above hands on.
    const { token } = child.start?.input as { token: string };
    expect(SPEC_TOKENS.bearerOf(TENANT, taskTokenSchema.parse(token))).toMatchObject({ executionId: 'p5' });
    expect(JSON.stringify(await logOf('p5'))).not.toContain(token);
    expect((await stateOf('p5')).status).toBe('running');
  });

  it('a start that comes again does not start a second child, and brings back what was lost of the first', async () => {
    await queue.drain();
    // Nobody takes what the parent sends: it stands on the queue, and the parent's own start is sent once more.
    await system.start('p6', 'sync');
    await system.start('p6', 'sync');
    queue = await consume();
    await ended('p6');
    const child = await childOf('p6');
    expect(await childrenOf('p6')).toHaveLength(1);
    expect(await logOf(child.ref.aggregateId)).toHaveLength(1);
    const types = (await logOf('p6')).flatMap(({ commit }) => commit.events.map(({ type }) => type as string));
    expect(types.filter((type) => type === 'StepSucceeded')).toHaveLength(1);
  });
});
