import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { createClient, type ThroughlineClient } from '@throughline/client';
import type { Json, StepView } from '@throughline/contracts';
import { eventually, startTestSystem, type TestSystem } from '@throughline/testkit';

jest.setTimeout(180_000);

const ITEMS = 100;
const isShy = (n: number): boolean => n % 3 === 0;

/** What the items call: answers the first request of every third item with an error, under its idempotency key. */
class Squares {
  readonly requests = new Map<string, number>();
  private readonly server: Server = createServer((request, response) => {
    const n = Number(new URL(request.url ?? '', 'http://squares').searchParams.get('n'));
    const key = String(request.headers['idempotency-key']);
    const seen = (this.requests.get(key) ?? 0) + 1;
    this.requests.set(key, seen);
    const status = isShy(n) && seen === 1 ? 500 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ square: n * n }));
  });
  get total(): number {
    return [...this.requests.values()].reduce((sum, times) => sum + times, 0);
  }
  async url(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    // The cast states what a listening TCP server has.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/square`;
  }
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Every item calls; those whose call fails wait a second for the retry, the others wait a second before it. */
const squaring = (url: string): Json => ({
  StartAt: 'All',
  States: {
    All: {
      Type: 'Map',
      ItemsPath: '$.items',
      MaxConcurrency: 20,
      ItemProcessor: {
        StartAt: 'IsShy',
        States: {
          IsShy: {
            Type: 'Choice',
            Choices: [{ Variable: '$.shy', BooleanEquals: true, Next: 'Square' }],
            Default: 'Rest',
          },
          Rest: { Type: 'Wait', Seconds: 1, Next: 'Square' },
          Square: {
            Type: 'Task',
            Resource: 'arn:aws:states:::http:invoke',
            Parameters: { ApiEndpoint: url, Method: 'GET', QueryParameters: { 'n.$': '$.n' } },
            ResultSelector: { 'square.$': '$.ResponseBody.square' },
            ResultPath: '$.result',
            TimeoutSeconds: 60,
            Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 3 }],
            End: true,
          },
        },
      },
      End: true,
    },
  },
});

const items = Array.from({ length: ITEMS }, (_, n) => ({ n, shy: isShy(n) }));
const expected = items.map((item) => ({ ...item, result: { square: item.n * item.n } }));

describe('a Map of 100 that is paused midway', () => {
  let system: TestSystem;
  let client: ThroughlineClient;
  const squares = new Squares();

  beforeAll(async () => {
    system = await startTestSystem({ services: ['orchestrator', 'step-worker', 'replay-service', 'audit-service'] });
    client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    await client.registerWorkflow({ name: 'squaring', definition: squaring(await squares.url()) });
  });
  afterAll(async () => {
    squares.close();
    await system?.remove();
  });

  const steps = async (id: string, status: StepView['status']): Promise<number> => {
    const { items: page } = await client.steps(id, { limit: 500 });
    return page.filter((step) => step.frame !== '0' && step.status === status).length;
  };

  const isMidway = async (id: string): Promise<boolean> =>
    (await steps(id, 'waiting')) >= 5 && (await steps(id, 'retrying')) >= 3 && (await steps(id, 'succeeded')) >= 80;

  /** The servers too: nothing of the system is left in any memory. */
  const killAndRestart = async (): Promise<void> => {
    const { nats, postgres, processes } = system;
    if (!nats || !postgres) throw new Error('the system has servers of its own');
    await Promise.all([...processes.values(), nats, postgres].map((running) => running.kill('SIGKILL')));
    await Promise.all([nats.restart(), postgres.restart()]);
    await Promise.all([...processes.values()].map((running) => running.restart()));
  };

  it('and resumed after everything was killed comes to what the same one comes to without a pause', async () => {
    const input = { items };
    await client.start('squaring', { executionId: 'unpaused', input });
    await client.start('squaring', { executionId: 'paused', input });
    await eventually('items wait, and wait for a retry', () => isMidway('paused'), { timeoutMs: 30_000 });
    await client.pause('paused', { reason: 'somebody has to look' });
    const unpaused = await client.wait('unpaused', { timeoutMs: 60_000 });
    expect(unpaused).toMatchObject({ status: 'succeeded', output: expected });

    await killAndRestart();
    const requestsBefore = squares.total;
    const whilePaused = await client.get('paused');
    expect(whilePaused).toMatchObject({ status: 'paused' });
    // Longer than every wait and every retry has left.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await client.get('paused')).toMatchObject({ status: 'paused', version: whilePaused.version });
    expect(squares.total).toBe(requestsBefore);

    const { pendingSteps } = await client.resume('paused', { reason: 'nothing was found' });
    expect(pendingSteps.length).toBeGreaterThan(0);
    const paused = await client.wait('paused', { timeoutMs: 60_000 });
    expect(paused).toMatchObject({ status: 'succeeded', output: unpaused.output });
  });

  it('every item was squared as often as it asked for, in both', () => {
    const times = [...squares.requests.values()].sort();
    expect(times).toEqual([...items, ...items].map(({ shy }) => (shy ? 2 : 1)).sort());
  });

  it('both replay at 100 %, and the ledger is intact', async () => {
    for (const id of ['unpaused', 'paused']) {
      expect((await client.replay(id)).result).toMatchObject({ verdict: 'identical', matchPercent: 100 });
    }
    expect((await client.verifyAudit()).verdict).toBe('intact');
  });
});
