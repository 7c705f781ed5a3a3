import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorBody, type ExecutionView, type Json, type PreflightView, queueSchema } from '@throughline/contracts';
import { connectNats, consumeTasks, type NatsConnection, type WorkQueue } from '@throughline/event-log/jetstream';
import { useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { AppModule } from '../app.module.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['orchestrator'] });

const GUARDED: Json = {
  StartAt: 'Apply',
  Throughline: {
    Preflight: 'required',
    InputSchema: { type: 'object', required: ['asset'] },
    Secrets: ['secret://deploy-key'],
  },
  States: { Apply: { Type: 'Task', Resource: 'tl:task:changes:apply', End: true } },
};

describe('preflight', () => {
  let service: ServiceUnderTest;
  let nc: NatsConnection;
  let worker: WorkQueue | undefined;

  beforeAll(async () => {
    const keyFile = join(servers.dir, 'token-keys');
    writeFileSync(keyFile, 'for-specs-only-and-as-long-as-any\n');
    process.env.THROUGHLINE_TASK_TOKEN_KEY_FILE = keyFile;
    process.env.THROUGHLINE_SECRETS_DIR = servers.dir;
    nc = await connectNats({ url: servers.natsUrl, name: 'spec' });
    service = await startServiceUnderTest('orchestrator', servers, { module: AppModule });
    await post('/api/v1/workflows', { name: 'guarded', definition: GUARDED });
  });
  afterAll(async () => {
    await worker?.drain();
    await service?.close();
    await nc?.close();
  });

  const post = <T>(path: string, body: Json) => service.json<T>(path, { method: 'POST', body: JSON.stringify(body) });
  const errorsOf = ({ findings }: Pick<PreflightView, 'findings'>): readonly string[] =>
    findings.filter(({ outcome }) => outcome === 'error').map(({ check }) => check);

  test('names what is missing, a line and an action each, and starts nothing', async () => {
    const { status, body } = await post<PreflightView>('/api/v1/workflows/guarded/preflight', { input: {} });
    expect([status, body.outcome]).toEqual([200, 'error']);
    expect([...errorsOf(body)].sort()).toEqual(['handlers', 'input', 'secrets']);
    for (const { sentence, outcome, recommendedActions } of body.findings) {
      expect(sentence).not.toMatch(/\n/);
      expect(recommendedActions.length > 0).toBe(outcome === 'error');
    }
    const refused = await post<ErrorBody>('/api/v1/workflows/guarded/executions', { executionId: 'p-1', input: {} });
    expect([refused.status, refused.body.code]).toEqual([422, 'TL0173']);
    expect((await service.json('/api/v1/executions/p-1')).status).toBe(404);
  });

  test('once everything is there it is clean, and the start holds what was found', async () => {
    mkdirSync(join(servers.dir, 'default'));
    writeFileSync(join(servers.dir, 'default', 'deploy-key'), 'x');
    worker = await consumeTasks(nc, {
      queue: queueSchema.parse('changes'),
      handlers: ['apply'],
      slots: 1,
      ackWaitMs: 5_000,
      maxDeliver: 10,
      handle: () => ({ kind: 'done' }),
    });
    const { body } = await post<PreflightView>('/api/v1/workflows/guarded/preflight', { input: { asset: 'a' } });
    expect([body.outcome, errorsOf(body)]).toEqual(['ok', []]);
    const started = await post<ExecutionView>('/api/v1/workflows/guarded/executions', {
      executionId: 'p-2',
      input: { asset: 'a' },
    });
    expect([started.status, started.body.status]).toEqual([201, 'running']);
    const again = await service.json<PreflightView>('/api/v1/executions/p-2/preflight');
    expect(again.body.recorded).toMatchObject({ findings: [] });
  });
});
