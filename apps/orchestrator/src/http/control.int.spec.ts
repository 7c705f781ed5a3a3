import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSigningKey, signContentHash, verifySignature } from '@throughline/client';
import type { ApprovalView, ErrorBody, ExecutionView, Json, PendingStep } from '@throughline/contracts';
import { eventually, useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { AppModule } from '../app.module.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['orchestrator'] });

const REST: Json = { StartAt: 'Rest', States: { Rest: { Type: 'Wait', Seconds: 600, End: true } } };
const FAILS: Json = {
  StartAt: 'Stop',
  States: {
    Stop: { Type: 'Pass', Parameters: { 'x.$': '$.missing' }, Next: 'After' },
    After: { Type: 'Pass', End: true },
  },
};
const AGREE: Json = {
  StartAt: 'Agree',
  States: {
    Agree: {
      Type: 'Task',
      Resource: 'tl:approval',
      Throughline: { Approval: { Required: 2, Roles: ['ops'], Signature: 'required' } },
      End: true,
    },
  },
};

type Page<T> = { readonly items: readonly T[] };

describe('people steer executions over HTTP', () => {
  let service: ServiceUnderTest;
  let keys: Readonly<Record<string, Awaited<ReturnType<typeof newSigningKey>>>>;

  beforeAll(async () => {
    const keyFile = join(servers.dir, 'token-keys');
    writeFileSync(keyFile, 'for-specs-only-and-as-long-as-any\n');
    process.env.THROUGHLINE_TASK_TOKEN_KEY_FILE = keyFile;
    keys = { ada: await newSigningKey(), ben: await newSigningKey(), eve: await newSigningKey() };
    const people = Object.entries(keys).map(([id, { publicKey }]) => ({
      id,
      roles: id === 'eve' ? ['sales'] : ['ops'],
      signingKeys: [publicKey],
    }));
    service = await startServiceUnderTest('orchestrator', servers, { module: AppModule, people });
    for (const [name, definition] of Object.entries({ rest: REST, fails: FAILS, agree: AGREE })) {
      await post('/api/v1/workflows', { name, definition });
    }
  });
  afterAll(() => service?.close());

  const post = <T = ExecutionView>(path: string, body: Json, as?: string) =>
    service.json<T>(path, { method: 'POST', body: JSON.stringify(body), ...(as === undefined ? {} : { as }) });
  const get = async <T>(path: string, as?: string): Promise<T> =>
    (await service.json<T>(path, as === undefined ? {} : { as })).body;
  const start = async (workflow: string, body: Json = {}): Promise<ExecutionView> =>
    (await post(`/api/v1/workflows/${workflow}/executions`, body)).body;

  test('a pause holds until the resume, which says what it goes on with', async () => {
    const { id } = await start('rest');
    const paused = await post(`/api/v1/executions/${id}/pause`, { reason: 'lunch' });
    expect([paused.status, paused.body.status, paused.body.runState.recommendedActions]).toEqual([
      200,
      'paused',
      ['resume'],
    ]);
    const again = await post<ErrorBody>(`/api/v1/executions/${id}/pause`, {});
    expect([again.status, again.body.code]).toEqual([409, 'TL0120']);
    const { body } = await post<{ execution: ExecutionView; pendingSteps: PendingStep[] }>(
      `/api/v1/executions/${id}/resume`,
      {},
    );
    expect(body.execution.status).toBe('waiting');
    expect(body.execution.runState.phases.pausedMs).toBeGreaterThan(0);
    expect(body.pendingSteps).toEqual([{ state: 'Rest', frame: '0', kind: 'pending' }]);
    expect((await post(`/api/v1/executions/${id}/terminate`, {})).body.status).toBe('cancelled');
  });

  test('a failed execution can go on without the step that failed', async () => {
    const { id, status, runState } = await start('fails');
    expect(status).toBe('failed');
    expect(runState.lastError?.tech).toContain('States.Runtime');
    const { body } = await post<{ execution: ExecutionView; pendingSteps: PendingStep[] }>(
      `/api/v1/executions/${id}/resume`,
      { skipFailed: true },
    );
    expect(body.pendingSteps).toEqual([{ state: 'Stop', frame: '0', kind: 'failed' }]);
    expect(body.execution).toMatchObject({ status: 'succeeded', runState: { reopened: 1, lastError: null } });
  });

  test('an approval takes two signatures of those who may, and no more', async () => {
    const { id, status, runState } = await start('agree', { input: { change: 7 } });
    expect([status, runState.signatureState]).toEqual(['awaiting_approval', 'pending']);
    const [approval] = runState.pendingApprovals;
    const path = `/api/v1/executions/${id}/approvals/${String(approval)}`;
    const { contentHash } = await get<ApprovalView>(path);
    const approve = async (as: string, signedBy = as) => {
      const key = keys[signedBy];
      if (!key) throw new Error(`nobody is called ${signedBy}`);
      const signature = await signContentHash(contentHash, key.privateKey);
      return post<ApprovalView & ErrorBody>(`${path}/decide`, { decision: 'approve', contentHash, signature }, as);
    };
    expect((await post<ErrorBody>(`${path}/decide`, { decision: 'approve' }, 'ada')).body.code).toBe('TL0126');
    expect((await approve('ada', 'ben')).body.code).toBe('TL0126');
    expect((await approve('eve')).body.code).toBe('TL0124');
    expect((await approve('ada')).body).toMatchObject({ status: 'pending', decisions: [{ by: 'ada' }] });
    expect((await approve('ada')).body.code).toBe('TL0125');
    expect((await get<ExecutionView>(`/api/v1/executions/${id}?waitMs=1`)).runState.signatureState).toBe(
      'partially_signed',
    );
    expect((await approve('ben')).body.status).toBe('approved');
    expect((await approve('ben')).body.code).toBe('TL0106');

    const view = await get<ApprovalView>(path);
    const verified: boolean[] = [];
    for (const { signature } of view.decisions) {
      if (!signature) throw new Error('an approval without a signature');
      verified.push(await verifySignature({ contentHash, jws: signature.jws, publicKey: signature.publicKey }));
    }
    expect(verified).toEqual([true, true]);
    const { jws = '' } = view.decisions[0]?.signature ?? {};
    expect(await verifySignature({ contentHash: 'f'.repeat(64), jws, publicKey: keys.ada?.publicKey ?? {} })).toBe(
      false,
    );
  });

  test('everybody sees what waits for them', async () => {
    const { id } = await start('agree');
    const waiting = (as: string) => get<Page<ApprovalView>>('/api/v1/approvals?mine=true', as);
    await eventually('ada sees it', async () => (await waiting('ada')).items.some((item) => item.executionId === id));
    expect((await waiting('eve')).items).toEqual([]);
    // Who asked for it is not among those who may.
    expect((await waiting('default')).items).toEqual([]);
    await post(`/api/v1/executions/${id}/terminate`, {});
    await eventually('it waits no more', async () => (await waiting('ada')).items.length === 0);
  });

  test('an execution is found by its attributes and labels', async () => {
    const { id } = await start('rest', { attributes: { riskLevel: 'high', affectedPaths: ['a.ts', 'b.ts'] } });
    await post(`/api/v1/executions/${id}/annotate`, { labels: { team: 'core' }, attributes: { verdict: 'ok' } });
    const found = async (query: string) =>
      (await get<Page<ExecutionView>>(`/api/v1/executions?${query}`)).items.map((item) => item.id);
    const all = 'riskLevel=high&affectedPath=b.ts&verdict=ok&label=team%3Dcore';
    await eventually('it is found', async () => (await found(all)).includes(id));
    expect(await found('riskLevel=low')).toEqual([]);
    expect(await found('riskLevel=high&label=team%3Dother')).toEqual([]);
    await post(`/api/v1/executions/${id}/terminate`, {});
  });

  test("another tenant's execution is none", async () => {
    const { id } = await start('rest');
    const foreign = await service.json<ErrorBody>(`/api/v1/executions/${id}/pause`, {
      method: 'POST',
      body: '{}',
      tenant: 'globex',
    });
    expect([foreign.status, foreign.body.code]).toEqual([404, 'TL0105']);
    await post(`/api/v1/executions/${id}/terminate`, {});
  });
});
