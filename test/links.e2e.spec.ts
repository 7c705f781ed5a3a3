import { jest } from '@jest/globals';
import { createClient, type ThroughlineClient } from '@throughline/client';
import type { Json } from '@throughline/contracts';
import { connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import { eventually, startTestSystem, type TestSystem } from '@throughline/testkit';
import { checkLog } from '@throughline/testkit/checker';

jest.setTimeout(300_000);

const child = (way: string, workflow: string, input: Json): Record<string, Json> => ({
  Type: 'Task',
  Resource: `arn:aws:states:::states:startExecution${way}`,
  Parameters: {
    StateMachineArn: `arn:aws:states:eu-west-1:111111111111:stateMachine:${workflow}`,
    ...(input as object),
  },
});
const APPROVE = 'arn:aws:states:eu-west-1:111111111111:activity:approve';
const WORKFLOWS: Readonly<Record<string, Json>> = {
  approval: {
    StartAt: 'Approve',
    States: { Approve: { Type: 'Task', Resource: APPROVE, TimeoutSeconds: 600, End: true } },
  },
  'asks-by-token': {
    StartAt: 'Ask',
    States: {
      Ask: {
        ...child('.waitForTaskToken', 'approval', { Input: { 'order.$': '$.order', 'answer.$': '$$.Task.Token' } }),
        Catch: [{ ErrorEquals: ['Refused'], ResultPath: '$.why', Next: 'Refused' }],
        End: true,
      },
      Refused: { Type: 'Pass', End: true },
    },
  },
  order: {
    StartAt: 'Approval',
    States: {
      Approval: {
        ...child('.sync:2', 'approval', { 'Input.$': '$' }),
        ResultSelector: { 'by.$': '$.Output.by' },
        End: true,
      },
    },
  },
  rest: { StartAt: 'Rest', States: { Rest: { Type: 'Wait', Seconds: 1, End: true } } },
  family: {
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Child',
          States: {
            Child: { ...child('.sync:2', 'rest', { Input: { 'n.$': '$' } }), OutputPath: '$.Output.n', End: true },
          },
        },
        End: true,
      },
    },
  },
};

describe('executions that wait for each other and for people', () => {
  let system: TestSystem;
  let client: ThroughlineClient;
  let nc: NatsConnection;

  beforeAll(async () => {
    system = await startTestSystem({ services: ['orchestrator', 'replay-service', 'audit-service'] });
    nc = await connectNats({ url: system.natsUrl, name: 'spec' });
    client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    for (const [name, definition] of Object.entries(WORKFLOWS)) await client.registerWorkflow({ name, definition });
  });
  afterAll(async () => {
    await nc?.close();
    await system?.remove();
  });

  const polled = async () => {
    const task = await client.pollActivity('approve', { waitMs: 20_000 });
    if (!task) throw new Error('no task came');
    return task;
  };
  const expectReplays = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const { result } = await client.replay(id);
      expect({ id, ...result }).toMatchObject({ id, verdict: 'identical', matchPercent: 100 });
    }
  };
  const killOrchestrator = async () => {
    const victim = system.processes.get('orchestrator');
    if (!victim) throw new Error('no orchestrator runs');
    await victim.kill('SIGKILL');
    return victim;
  };

  it('a token that a child was handed ends the step of its parent, also after the orchestrator was killed', async () => {
    const { id } = await client.start('asks-by-token', { input: { order: 7 } });
    const task = await polled();
    // The cast names what the machine above hands on.
    const { answer } = task.input as { answer: string };
    const victim = await killOrchestrator();
    await victim.restart();
    await client.sendTaskHeartbeat(answer);
    await client.sendTaskFailure(answer, { error: 'Refused', cause: 'too dear' });
    await client.sendTaskSuccess(task.taskToken, null);
    const end = await client.wait(id, { timeoutMs: 20_000 });
    expect(end).toMatchObject({ status: 'succeeded', output: { why: { Error: 'Refused', Cause: 'too dear' } } });
    await expect(client.sendTaskSuccess(answer, 'late')).rejects.toMatchObject({ code: 'TL0107' });
    await expectReplays([id, task.executionId]);
  });

  it('an order whose approval is a child knows its lineage, and the chain its root', async () => {
    const { id } = await client.start('order', { input: { n: 1 }, correlationId: 'order-1' });
    const task = await polled();
    await client.sendTaskSuccess(task.taskToken, { by: 'ann' });
    expect(await client.wait(id, { timeoutMs: 20_000 })).toMatchObject({ status: 'succeeded', output: { by: 'ann' } });
    expect(await client.get(task.executionId)).toMatchObject({
      trigger: 'child',
      parentExecutionId: id,
      rootExecutionId: id,
      correlationId: 'order-1',
    });
    const chain = await eventually('both are in the chain', async () => {
      const found = await client.correlation('order-1');
      return found.count === 2 && found;
    });
    expect(chain).toMatchObject({ root: id, executions: [{ id }, { id: task.executionId }] });
    expect((await client.lineage(task.executionId)).ancestors).toMatchObject([{ id, depth: 1 }]);
    expect((await client.lineage(id)).descendants).toMatchObject([{ id: task.executionId, depth: 1 }]);
    await expectReplays([id, task.executionId]);
  });

  it('kill -9 of the orchestrator while thirty children run: each ran once and all parents end right', async () => {
    const items = [1, 2, 3, 4, 5];
    const starts = Array.from({ length: 6 }, () => client.start('family', { input: items }));
    const parents = await Promise.all(starts);
    const victim = await killOrchestrator();
    await victim.restart();
    const chains: string[] = [];
    for (const { id } of parents) {
      expect(await client.wait(id, { timeoutMs: 40_000 })).toMatchObject({ status: 'succeeded', output: items });
      const chain = await eventually(`the chain of ${id} is whole`, async () => {
        const found = await client.correlation(id);
        return found.count === 6 && found.executions.every(({ status }) => status === 'succeeded') && found;
      });
      expect(chain.root).toBe(id);
      chains.push(...chain.executions.map((execution) => execution.id));
    }
    expect(new Set(chains).size).toBe(36);
    expect((await checkLog(nc)).table.violationsOf('counted-once')).toBe(0);
    await expectReplays(chains);
    expect((await client.verifyAudit()).verdict).toBe('intact');
  });

  it('cancelling a parent cancels what it waits for, and nobody gets the task any more', async () => {
    const { id } = await client.start('order', { input: {} });
    const [node] = await eventually('the child has started', async () => {
      const { descendants } = await client.lineage(id);
      return descendants.length > 0 && descendants;
    });
    await client.cancel(id);
    const ended = await client.wait(node?.id ?? '', { timeoutMs: 20_000 });
    expect(ended.status).toBe('cancelled');
    expect(await client.pollActivity('approve', { waitMs: 0 })).toBeNull();
  });
});
