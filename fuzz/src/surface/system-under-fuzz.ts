import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ThroughlineClient } from '@throughline/client';
import { parseTaskSubject, STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import { connectNats, type NatsConnection, queuedMessages } from '@throughline/event-log/jetstream';
import { startSystem, type RunningSystem } from '@throughline/local-system';

const WORKFLOWS = {
  order: { StartAt: 'Pass', States: { Pass: { Type: 'Pass', End: true } } },
  waits: { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 3_600, End: true } } },
  works: {
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: 'tl:task:fuzz:work',
        Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 2 }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
        End: true,
      },
      Caught: { Type: 'Pass', End: true },
    },
  },
  asks: {
    StartAt: 'Ask',
    States: { Ask: { Type: 'Task', Resource: 'arn:aws:states:eu-west-1:111111111111:activity:approve', End: true } },
  },
  locks: {
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: 'tl:task:fuzz:work',
        Throughline: { Mutex: { Assets: ['pump'] } },
        End: true,
      },
    },
  },
} as const;

/**
 * Queues that the services serve by themselves: nothing that has the form of a task's subject may stay on them. What lies on
 * another one waits for workers that were never there.
 */
const SERVED = ['http', 'tl-delivery', 'tl-record'];
const QUIET_MS = 180_000;
const POLL_MS = 500;
const LOOK_MAX = 20_000;

/** The system that is fuzzed, in a folder of its own, with a few executions in every kind of wait. */
export class SystemUnderFuzz {
  readonly system: RunningSystem;
  readonly nc: NatsConnection;
  readonly client: ThroughlineClient;
  readonly #dir: string;
  /** Processes that ended without having been told to. */
  readonly crashes: readonly string[];

  private constructor(system: RunningSystem, nc: NatsConnection, dir: string, crashes: readonly string[]) {
    this.system = system;
    this.nc = nc;
    this.#dir = dir;
    this.crashes = crashes;
    this.client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
  }

  static async start(): Promise<SystemUnderFuzz> {
    const dir = mkdtempSync(join(tmpdir(), 'throughline-fuzz-'));
    chmodSync(dir, 0o755); // Postgres may run as another user
    const crashes: string[] = [];
    const onUnexpectedExit = (failure: Error): void => void crashes.push(failure.message);
    const system = await startSystem({ home: dir, portBase: 'free', durablePostgres: false, onUnexpectedExit });
    const nc = await connectNats({ url: system.natsUrl, name: 'fuzz' });
    const fuzzed = new SystemUnderFuzz(system, nc, dir, crashes);
    await fuzzed.#fill();
    return fuzzed;
  }

  async stop(): Promise<void> {
    await this.nc.close();
    await this.system.stop();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 3 });
  }

  /** What still lies in a queue that somebody serves, once that has stood still for long: a poison loop, or something lost. */
  async leftInQueues(): Promise<readonly string[]> {
    const endsAt = Date.now() + QUIET_MS;
    for (;;) {
      const left = await this.#inQueues();
      if (left.length === 0 || Date.now() > endsAt) return left;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Services that do not say of themselves that they are ready. */
  async notReady(): Promise<readonly string[]> {
    const not: string[] = [];
    for (const [name, url] of Object.entries(this.system.serviceUrls)) {
      const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
      if (ready?.status !== 200) not.push(`${name}: ${ready ? (await ready.text()).slice(0, 500) : 'no answer'}`);
    }
    return not;
  }

  async #inQueues(): Promise<readonly string[]> {
    const commands = await queuedMessages(this.nc, STREAMS.commands, SUBJECT_FILTERS.commandsStored, LOOK_MAX);
    const due = await queuedMessages(this.nc, STREAMS.timers, SUBJECT_FILTERS.fired, LOOK_MAX);
    const tasks = await queuedMessages(this.nc, STREAMS.tasks, SUBJECT_FILTERS.tasks, LOOK_MAX);
    const served = tasks.filter(
      ({ subject }) => parseTaskSubject(subject) !== undefined && SERVED.includes(subject.split('.')[2] ?? ''),
    );
    return [...commands, ...due, ...served].map(({ subject, seq }) => `${subject} (${seq})`);
  }

  async #fill(): Promise<void> {
    for (const [name, definition] of Object.entries(WORKFLOWS)) {
      // The cast states that it is JSON, which a readonly literal is not by type.
      await this.client.registerWorkflow({ name, definition: definition as never });
    }
    const names = Object.keys(WORKFLOWS);
    for (let n = 1; n <= 40; n += 1) {
      await this.client.start(names[n % names.length] ?? 'order', { executionId: `fz-${n}`, input: { n } });
    }
  }
}
