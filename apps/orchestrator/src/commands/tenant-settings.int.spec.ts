import { executionRef, type Json } from '@throughline/contracts';
import { connectNats, ensureStreams, type NatsConnection } from '@throughline/event-log/jetstream';
import {
  type CommitAt,
  DEFAULT_POLICIES,
  type ExecutionState,
  foldCommit,
  initialExecution,
  tenantRef,
} from '@throughline/execution';
import { verify } from '@throughline/history';
import { useServers } from '@throughline/testkit';
import { decidingSystem, TENANT } from '../spec/deciding-system.ts';

const INTERACTIVE: Json = {
  StartAt: 'Look',
  Throughline: { Sla: 'interactive', ActionClass: 'read' },
  States: { Look: { Type: 'Task', Resource: 'tl:task:orders:look', End: true } },
};

describe('the timeout policies of a tenant, over a real log', () => {
  const servers = useServers({ postgres: false });
  let nc: NatsConnection;
  let system: ReturnType<typeof decidingSystem>;

  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    await ensureStreams(nc);
    system = decidingSystem(nc);
    await system.register('look', INTERACTIVE);
  });
  afterAll(() => nc.close());

  const logOf = async (id: string): Promise<readonly CommitAt[]> => {
    const read = await system.log.read(executionRef(TENANT, id));
    if (read.kind !== 'commits') throw new Error(read.problem);
    return read.commits;
  };
  const policyOf = async (id: string) =>
    (await logOf(id)).reduce<ExecutionState>(foldCommit, initialExecution(executionRef(TENANT, id))).classification
      ?.policy;

  test('an edit holds from the next start on, leaves those before as they were, and all of them replay', async () => {
    const standing = DEFAULT_POLICIES.interactive.read;
    const edited = { ...standing, stepMs: 1_234 };
    const body = { slaClass: 'interactive' as const, actionClass: 'read' as const };
    await system.start('before', 'look');
    await system.decide(tenantRef(TENANT), { type: 'SetTimeoutPolicy', body: { ...body, policy: edited } });
    await system.start('during', 'look');
    await system.decide(tenantRef(TENANT), { type: 'ResetTimeoutPolicy', body });
    await system.start('after', 'look');
    expect([await policyOf('before'), await policyOf('during'), await policyOf('after')]).toEqual([
      standing,
      edited,
      standing,
    ]);
    const machine = await system.catalog.resolve(TENANT, 'look');
    for (const id of ['before', 'during', 'after']) {
      expect(verify(await logOf(id), () => machine)).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    }
  });
});
