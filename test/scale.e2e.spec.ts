import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { createClient, type ThroughlineClient } from '@throughline/client';
import { aggregateIdSchema, executionIdSchema, isJsonObject, type Json, partitionOf } from '@throughline/contracts';
import { connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import { eventually, startTestSystem, type TestSystem } from '@throughline/testkit';
import { checkLog, expectNoViolation, type LogCheck } from '@throughline/testkit/checker';

jest.setTimeout(300_000);

/** What the steps call: counts requests by idempotency key, and holds answers back where it is told to. */
class Outside {
  readonly requests = new Map<string, number>();
  hold = false;
  private readonly held = new Map<ServerResponse, string>();
  private readonly server: Server = createServer((request, response) => this.answer(request, response));

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const key = String(request.headers['idempotency-key']);
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1);
    if (!this.hold) return this.send(response);
    this.held.set(response, key);
    // Whoever called has died, or has given up.
    response.once('close', () => this.held.delete(response));
  }
  private send(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  }
  /** Requests whose callers wait, and the steps that they are for. */
  get waiting(): number {
    return this.held.size;
  }
  get keysWaiting(): number {
    return new Set(this.held.values()).size;
  }
  get calledAgain(): number {
    return [...this.requests.values()].filter((times) => times > 1).length;
  }
  release(): void {
    this.hold = false;
    for (const response of this.held.keys()) this.send(response);
    this.held.clear();
  }
  async url(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    // The cast states what a listening TCP server has.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const call = (url: string, next: object): Json =>
  ({
    Type: 'Task',
    Resource: 'arn:aws:states:::http:invoke',
    Parameters: { ApiEndpoint: url, Method: 'POST' },
    TimeoutSeconds: 120,
    ResultPath: null,
    ...next,
  }) as Json;

/** Two calls with a timer between: commands, tasks and timers of one execution. */
const twoCalls = (url: string): Json => ({
  StartAt: 'First',
  States: {
    First: call(url, { Next: 'Rest' }),
    Rest: { Type: 'Wait', Seconds: 1, Next: 'Second' },
    Second: call(url, { End: true }),
  },
});

/**
 * A call whose worker has to be heard of every three seconds; as often as it falls silent it is done anew, under a new token. Then
 * it waits: the execution is open when the late result comes.
 */
const heardOf = (url: string): Json => ({
  StartAt: 'Only',
  States: {
    Only: call(url, {
      HeartbeatSeconds: 3,
      Retry: [{ ErrorEquals: ['States.HeartbeatTimeout'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 30 }],
      Next: 'Rest',
    }),
    Rest: { Type: 'Task', Resource: 'tl:signal:go', End: true },
  },
});

const ORCHESTRATORS = ['orchestrator', 'orchestrator-2'];

describe('two orchestrators and two workers', () => {
  const outside = new Outside();
  let system: TestSystem;
  let client: ThroughlineClient;
  let nc: NatsConnection;
  let partitions = 0;
  const acknowledged: string[] = [];
  let named = 0;

  beforeAll(async () => {
    const url = await outside.url();
    system = await startTestSystem({ instances: { orchestrator: 2, 'step-worker': 2 } });
    client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    nc = await connectNats({ url: system.natsUrl, name: 'spec' });
    await client.registerWorkflow({ name: 'two-calls', definition: twoCalls(url) });
    await client.registerWorkflow({ name: 'heard-of', definition: heardOf(url) });
    partitions = (await owners()).length;
  });
  afterAll(async () => {
    outside.release();
    await nc?.close();
    await system?.remove({ acknowledged: starts() });
    outside.close();
  });

  const owners = async (): Promise<readonly (string | null)[]> =>
    ((await client.stats()).partitions ?? []).map(({ instance }) => instance);
  const shared = (): Promise<unknown> =>
    eventually('both orchestrators have half of the partitions', async () => {
      const names = await owners();
      return ORCHESTRATORS.every((name) => names.filter((owner) => owner === name).length === partitions / 2);
    });
  const processOf = (name: string) => {
    const found = system.processes.get(name);
    if (!found) throw new Error(`${name} is not running`);
    return found;
  };
  const metric = async (name: string, of: string): Promise<number> => {
    const text = await (await fetch(`${processOf(name).url}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`throughline_${of} `));
    return Number(line?.split(' ')[1]);
  };
  /** An id that one of the given partitions decides. */
  const idIn = (wanted: (partition: number) => boolean): string => {
    for (;;) {
      const id = `scale-${(named += 1)}`;
      if (wanted(partitionOf({ aggregateId: aggregateIdSchema.parse(id) }, partitions))) return id;
    }
  };
  const start = async (id = idIn(() => true), workflow = 'two-calls'): Promise<string> => {
    await client.start(workflow, { executionId: executionIdSchema.parse(id), input: {} });
    acknowledged.push(id);
    return id;
  };
  const starts = () => acknowledged.map((executionId) => ({ kind: 'start' as const, tenant: 'default', executionId }));
  const isOpen = async (status: 'queued' | 'running' | 'waiting'): Promise<boolean> =>
    (await client.list({ status, limit: 1 })).items.length > 0;
  /** Nothing acknowledged is lost, and nothing counts twice; from the log itself. */
  const allEnd = async (): Promise<LogCheck> => {
    const check = await eventually(
      'every acknowledged execution has ended',
      async () => {
        // Looking at the list costs little, deciding the whole log again does not.
        if ((await isOpen('running')) || (await isOpen('waiting')) || (await isOpen('queued'))) return false;
        const checked = await checkLog(nc, { acknowledged: starts() });
        return acknowledged.every((id) => checked.books.find('default', id)?.ended !== undefined) && checked;
      },
      { timeoutMs: 90_000, everyMs: 250 },
    );
    expectNoViolation(check.table.report());
    for (const id of acknowledged.slice(-3)) expect((await client.wait(id)).status).toBe('succeeded');
    return check;
  };
  /** Starts executions one after the other until it is told to end. */
  const load = () => {
    let ending = false;
    const refused: unknown[] = [];
    const running = (async () => {
      while (!ending) {
        await Promise.all([start(), start(), start()]).catch((error: unknown) => refused.push(error));
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    })();
    return async (): Promise<void> => {
      ending = true;
      await running;
      // The client repeats what may be repeated; nothing that it gave up on may be left.
      expect(refused).toEqual([]);
    };
  };

  test('share the partitions, and the stats say who has which', async () => {
    await shared();
    await Promise.all(Array.from({ length: 16 }, () => start()));
    await allEnd();
  });

  test('kill -9 of one orchestrator: the other decides its executions within seconds, those with messages in hand too', async () => {
    const names = await owners();
    const ofVictim = (partition: number): boolean => names[partition] === 'orchestrator-2';
    await Promise.all(Array.from({ length: 16 }, () => start(idIn(ofVictim))));
    await processOf('orchestrator-2').kill('SIGKILL');
    const killedAt = Date.now();
    await start(idIn(ofVictim));
    const tookMs = Date.now() - killedAt;
    void processOf('orchestrator-2').restart();
    process.stdout.write(`take-over: from kill -9 to the next commit of its partitions ${tookMs} ms\n`);
    // Far above what it takes, far below the 30 s after which the broker would deliver again by itself.
    expect(tookMs).toBeLessThan(15_000);
    await allEnd();
    await shared();
  });

  test('an orchestrator that stood still past its lease decides on beside the one that took over: the fence holds', async () => {
    const names = await owners();
    const ofStopped = (partition: number): boolean => names[partition] === 'orchestrator';
    const end = load();
    // What it has in hand when it is stopped, and what lies in its partitions when it goes on: both want to decide it.
    const starting = Promise.all(Array.from({ length: 24 }, () => start(idIn(ofStopped))));
    await processOf('orchestrator').kill('SIGSTOP');
    try {
      await eventually(
        'the other one has all partitions',
        async () => (await metric('orchestrator-2', 'partitions_owned')) === partitions,
      );
    } finally {
      await processOf('orchestrator').kill('SIGCONT');
      await starting;
      await end();
    }
    const lost = await Promise.all(ORCHESTRATORS.map((name) => metric(name, 'conflicts_total')));
    process.stdout.write(`two owners at once: rounds that the fence refused ${lost.join(' and ')}\n`);
    await allEnd();
    await shared();
  });

  test('a worker killed in the middle of its steps: the other one does them', async () => {
    outside.hold = true;
    const calledAgain = outside.calledAgain;
    await Promise.all(Array.from({ length: 12 }, () => start()));
    await eventually('all of them are under way', () => outside.keysWaiting === 12);
    await processOf('step-worker-2').kill('SIGKILL');
    await eventually('its connections are closed', () => outside.keysWaiting < 12);
    await eventually('the other one has them all', () => outside.keysWaiting === 12, { timeoutMs: 60_000 });
    outside.release();
    await allEnd();
    expect(outside.calledAgain).toBeGreaterThan(calledAgain);
  });

  test('a worker that fell silent: another one does its step under a new token, and its own late result is refused', async () => {
    outside.hold = true;
    const id = await start(undefined, 'heard-of');
    await eventually('the only worker has called', () => outside.waiting === 1);
    const attempts = async () => (await client.attempts(id)).items;
    const token = await eventually('the attempt is there', async () => (await attempts())[0]?.token);
    await processOf('step-worker').kill('SIGSTOP');
    const types = async () => (await client.audit(id, { limit: 500 })).items.flatMap(({ events }) => events);
    /** How often a worker has heard that the result of this attempt is too late, as it says itself. */
    const refused = async (token: string): Promise<number> =>
      (await client.logs(id, { limit: 500 })).items.filter(
        ({ message, attributes }) =>
          message === 'Only: late result refused' &&
          isJsonObject(attributes) &&
          attributes['token'] === token &&
          attributes['code'] === 'TL0107',
      ).length;
    let refusedBefore = 0;
    try {
      await eventually('its heartbeat has lapsed', async () => (await types()).includes('StepTimedOut'));
      await processOf('step-worker-2').restart();
      await eventually('the other worker has called', () => outside.waiting >= 2, { timeoutMs: 60_000 });
      outside.release();
      await eventually('its result counts', async () => (await types()).includes('StepSucceeded'));
      refusedBefore = await refused(token);
    } finally {
      outside.release();
      await processOf('step-worker').kill('SIGCONT');
    }
    await eventually('its result is refused', async () => (await refused(token)) > refusedBefore);
    const tried = await attempts();
    expect(tried.find((attempt) => attempt.token === token)?.status).toBe('timed_out');
    expect(tried.filter(({ state, status }) => state === 'Only' && status === 'succeeded')).toHaveLength(1);
    expect((await types()).filter((type) => type === 'StepSucceeded')).toHaveLength(1);
    await client.signal(id, 'go');
    await allEnd();
  });

  test('a rolling restart of every service under load loses and repeats nothing that counts', async () => {
    const end = load();
    // Of each service that has two, one is always there.
    const second = (name: string): boolean => name.endsWith('-2') || name === 'telemetry-ingestor';
    const restarting = [...system.processes].filter(([name]) => name !== 'front');
    for (const wave of [restarting.filter(([name]) => !second(name)), restarting.filter(([name]) => second(name))]) {
      await Promise.all(wave.map(([, running]) => running.restart()));
    }
    await end();
    expect(acknowledged.length).toBeGreaterThan(30);
    await allEnd();
    await shared();
  });
});
