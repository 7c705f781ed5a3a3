import { jetstreamManager } from '@nats-io/jetstream';
import { STREAMS } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { RunningSystem } from '@throughline/local-system';
import { EACH_ITEM } from './fan-out.ts';
import { round } from './measurements.ts';
import { Workload } from './workload.ts';

export interface Backlog {
  /** Tasks that lay on the queue when the worker came. */
  readonly tasks: number;
  readonly drainedMs: number;
  readonly tasksPerSecond: number;
  readonly ends: Readonly<Record<string, number>>;
}

const ITEMS = 1_000;
const LOOK_MS = 250;
const LOOKS_MAX = 2_400;

/** So many tasks pile up while no worker is there; then one comes. */
export const backlog = async (
  system: RunningSystem,
  nc: NatsConnection,
  { tasks, say }: { readonly tasks: number; readonly say: (line: string) => void },
): Promise<Backlog> => {
  const worker = system.processes.get('step-worker');
  if (!worker) throw new Error('step-worker is not running');
  const workload = new Workload(nc, { tenant: 'backlog', remembers: false });
  try {
    await workload.listen();
    await workload.register('bench-map', EACH_ITEM);
    await worker.kill('SIGKILL');
    const input = { items: Array.from({ length: ITEMS }, (_none, i) => i) };
    const executions = Math.ceil(tasks / ITEMS);
    const ended = Promise.all(Array.from({ length: executions }, () => workload.run('bench-map', input)));
    const waiting = await whenThere(nc, executions * ITEMS);
    say(`backlog: ${waiting} tasks wait; the worker comes`);
    const startedAt = performance.now();
    await worker.restart();
    const ends: Record<string, number> = {};
    for (const { end } of await ended) ends[end] = (ends[end] ?? 0) + 1;
    const drainedMs = round(performance.now() - startedAt);
    return { tasks: waiting, drainedMs, tasksPerSecond: round((waiting * 1_000) / drainedMs), ends };
  } finally {
    workload.close();
  }
};

const whenThere = async (nc: NatsConnection, tasks: number): Promise<number> => {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const { state } = await manager.streams.info(STREAMS.tasks);
    if (state.messages >= tasks) return state.messages;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`within ${(LOOKS_MAX * LOOK_MS) / 1_000} s there were no ${tasks} tasks`);
};
