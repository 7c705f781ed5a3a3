import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorBody, ExecutionView, Json, TimeoutPolicyView } from '@throughline/contracts';
import { commandIdOfKey, DEFAULT_POLICIES, executionIdOfKey } from '@throughline/execution';
import { useServers } from '@throughline/testkit';
import { type ServiceUnderTest, startServiceUnderTest } from '@throughline/testkit/service-under-test';
import { AppModule } from '../app.module.ts';
import { TENANT } from '../spec/deciding-system.ts';

// Outside of the describe: servers must stop after what is connected to them.
const servers = useServers({ migrate: ['orchestrator'] });

const ECHO: Json = { StartAt: 'Echo', States: { Echo: { Type: 'Pass', End: true } } };
const READ: Json = {
  StartAt: 'Rest',
  Throughline: { Sla: 'interactive', ActionClass: 'read' },
  States: { Rest: { Type: 'Wait', Seconds: 1, End: true } },
};

describe('starts and settings over HTTP', () => {
  let service: ServiceUnderTest;

  beforeAll(async () => {
    const keyFile = join(servers.dir, 'token-keys');
    writeFileSync(keyFile, 'for-specs-only-and-as-long-as-any\n');
    process.env.THROUGHLINE_TASK_TOKEN_KEY_FILE = keyFile;
    service = await startServiceUnderTest('orchestrator', servers, { module: AppModule });
    for (const [name, definition] of Object.entries({ echo: ECHO, read: READ })) {
      await post('/api/v1/workflows', { name, definition });
    }
  });
  afterAll(() => service?.close());

  const post = <T = ExecutionView>(path: string, body: Json, headers: Record<string, string> = {}) =>
    service.json<T>(path, { method: 'POST', body: JSON.stringify(body), headers });
  const start = <T = ExecutionView>(body: Json, headers?: Record<string, string>, workflow = 'echo') =>
    post<T>(`/api/v1/workflows/${workflow}/executions`, body, headers);

  test('fifty starts at once with one key, in header or body, are one execution', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n % 2 === 0
          ? start({ input: { n: 1 } }, { 'idempotency-key': 'order 7' })
          : start({ input: { n: 1 }, idempotencyKey: 'order 7' }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.id))).toEqual(new Set([executionIdOfKey(TENANT, 'order 7')]));
    expect(new Set(answers.map(({ body }) => body.startedAt)).size).toBe(1);
  });

  test('the same key with other content is a conflict that says where', async () => {
    await start({ input: { n: 1 } }, { 'idempotency-key': 'order 8' });
    const { status, body } = await start<ErrorBody>({ input: { n: 2 } }, { 'idempotency-key': 'order 8' });
    expect([status, body.code, body.details]).toEqual([409, 'TL0104', { differs: ['input'] }]);
  });

  test('the same key of another tenant is another execution', async () => {
    const path = '/api/v1/workflows/echo/executions';
    const globex = { method: 'POST', tenant: 'globex', headers: { 'idempotency-key': 'order 7' } };
    await service.json('/api/v1/workflows', {
      ...globex,
      headers: {},
      body: JSON.stringify({ name: 'echo', definition: ECHO }),
    });
    const { body } = await service.json<ExecutionView>(path, { ...globex, body: '{}' });
    expect(body.id).not.toBe(executionIdOfKey(TENANT, 'order 7'));
  });

  test('a key in the header and another one in the body are refused', async () => {
    const { status, body } = await start<ErrorBody>({ idempotencyKey: 'a' }, { 'idempotency-key': 'b' });
    expect([status, body.code]).toEqual([400, 'TL0001']);
  });

  test('a cancel with a key is done once, and refused with another content', async () => {
    const { body: started } = await start({ mode: 'background' }, {}, 'read');
    const cancel = (reason: string) =>
      post<ErrorBody & ExecutionView>(
        `/api/v1/executions/${started.id}/cancel`,
        { reason },
        { 'idempotency-key': 'stop' },
      );
    const first = await cancel('enough');
    const second = await cancel('enough');
    expect([first.status, second.status, second.body.version]).toEqual([200, 200, first.body.version]);
    expect(await cancel('another reason')).toMatchObject({ status: 409, body: { code: 'TL0171' } });
    expect(commandIdOfKey(TENANT, 'stop', 'CancelExecution', { reason: 'enough' })).toMatch(/^k-/);
  });

  test('an immediate read is answered with its end, and one in the background at once', async () => {
    const { body: immediate } = await start({}, {}, 'read');
    expect(immediate.status).toBe('succeeded');
    const { body: background } = await start({ mode: 'background' }, {}, 'read');
    expect(background.status).not.toBe('succeeded');
  });

  test('an immediate start whose policy gives it no time is answered as in the background', async () => {
    const path = '/api/v1/settings/timeout-policies/interactive/read';
    const set = await post<TimeoutPolicyView>(path, { answerWaitMs: 1 });
    expect(set.body).toMatchObject({ policy: { ...DEFAULT_POLICIES.interactive.read, answerWaitMs: 1 } });
    expect((await start({}, {}, 'read')).body.status).not.toBe('succeeded');
    const reset = await post<TimeoutPolicyView>(`${path}/reset`, {});
    expect(reset.body).toEqual({
      slaClass: 'interactive',
      actionClass: 'read',
      policy: DEFAULT_POLICIES.interactive.read,
      set: null,
    });
  });

  test('the nine policies are listed, and one that contradicts itself is refused', async () => {
    const { body } = await service.json<{ items: TimeoutPolicyView[] }>('/api/v1/settings/timeout-policies');
    expect(body.items.map(({ slaClass, actionClass, set }) => [slaClass, actionClass, set])).toHaveLength(9);
    const contradiction = await post<ErrorBody>('/api/v1/settings/timeout-policies/batch/change', { executionMs: 1 });
    expect(contradiction).toMatchObject({ status: 422, body: { code: 'TL0170' } });
  });
});
