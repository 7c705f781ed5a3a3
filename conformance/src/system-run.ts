import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createClient, everyItem, ThroughlineError, type ThroughlineClient } from '@throughline/client';
import { type ExecutionId, executionIdSchema, isTerminal } from '@throughline/contracts';
import { divergencesIn, replayAll, startSystem } from '@throughline/local-system';
import { AWS_STATUS_OF, type CaseRun, type HistoryEvent } from './case-run.ts';
import { executionIdOfCase, workflowNameOf } from './case-names.ts';
import type { RecordedCase } from './recorded-case.ts';
import { servedDefinition } from './served-definition.ts';
import { type StubWorker, startStubWorker } from './stub-worker.ts';
import { taskScript } from './task-script.ts';

/**
 * Cases through the real services, as processes of this machine: registered and started over HTTP, their tasks answered
 * from the task stream, their ends and histories read by the routes that anybody uses, every execution replayed.
 */

export interface SystemRunOptions {
  /** Time on the log passes so many times as fast. */
  readonly timerSpeed: number;
  readonly say: (line: string) => void;
}

/** Executions under way at once: waits overlap, and two cores are not flooded. */
const AT_ONCE = 24;
/** A recorded execution took seconds, a few of them minutes: what has no end by then has none. */
const END_MS_MAX = 300_000;
const END_MS_MIN = 60_000;
const SERVICES = ['orchestrator', 'replay-service', 'audit-service'] as const;

/** In the order of the cases. */
export const runThroughServices = async (
  cases: readonly RecordedCase[],
  { timerSpeed, say }: SystemRunOptions,
): Promise<readonly CaseRun[]> => {
  const home = mkdtempSync(join(tmpdir(), 'throughline-conformance-'));
  // Postgres runs as another user when started by root.
  chmodSync(home, 0o755);
  say('starting nats-server, Postgres and the services');
  const system = await startSystem({
    home,
    portBase: 'free',
    services: SERVICES,
    durablePostgres: false,
    env: { THROUGHLINE_TIMER_SPEED: String(timerSpeed) },
  });
  let stub: StubWorker | undefined;
  try {
    stub = await startStubWorker(system.natsUrl, (problem) => say(problem));
    const client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
    const endMsMax = Math.max(END_MS_MIN, END_MS_MAX / timerSpeed);
    const runs = await runAll(cases, { client, stub, endMsMax }, say);
    // Also what no case asks for: workflows, children, the replays themselves.
    const { line, ...replayed } = await replayAll(system.natsUrl);
    say(line);
    if (replayed.verdict === 'divergent') throw new Error([line, ...divergencesIn(replayed)].join('\n'));
    return runs;
  } finally {
    await stub?.stop();
    await system.stop();
    rmSync(home, { recursive: true, force: true });
  }
};

interface RunningSystem {
  readonly client: ThroughlineClient;
  readonly stub: StubWorker;
  readonly endMsMax: number;
}

const runAll = async (
  cases: readonly RecordedCase[],
  system: RunningSystem,
  say: (line: string) => void,
): Promise<readonly CaseRun[]> => {
  const runs: CaseRun[] = [];
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < cases.length; i = next++) {
      const recorded = cases[i];
      if (recorded) runs[i] = await runOne(recorded, system);
      done += 1;
      if (done % 50 === 0) say(`${done} of ${cases.length} executions have ended`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return runs;
};

const runOne = async (recorded: RecordedCase, { client, stub, endMsMax }: RunningSystem): Promise<CaseRun> => {
  const id = executionIdSchema.parse(executionIdOfCase(recorded));
  try {
    const name = workflowNameOf(recorded);
    stub.expect(id, taskScript(recorded));
    await client.registerWorkflow({ name, definition: servedDefinition(recorded) });
    await client.start(name, { input: recorded.input, executionId: id });
    return await readRun(id, client, endMsMax);
  } catch (thrown) {
    return { kind: 'broken', problem: problemOf(thrown) };
  } finally {
    stub.forget(id);
  }
};

const readRun = async (id: ExecutionId, client: ThroughlineClient, endMsMax: number): Promise<CaseRun> => {
  const view = await client.wait(id, { timeoutMs: endMsMax });
  if (!isTerminal(view.status)) {
    // So that what comes after it is not kept waiting by its timers and tasks.
    await client.cancel(id, { reason: 'the recorded execution had ended by then' });
    const { result: replay } = await untilLetIn(() => client.replay(id));
    return { kind: 'broken', problem: `it has no end after ${endMsMax / 1_000} s (${view.status})`, replay };
  }
  const events: HistoryEvent[] = [];
  for await (const event of everyItem((cursor) => untilLetIn(() => client.awsHistory(id, { cursor })))) {
    events.push(event);
  }
  const { result: replay } = await untilLetIn(() => client.replay(id));
  return {
    kind: 'ended',
    status: AWS_STATUS_OF[view.status],
    ...(view.output === undefined ? {} : { output: view.output }),
    ...(view.error === null ? {} : { error: view.error }),
    ...(view.cause === null ? {} : { cause: view.cause }),
    events,
    replay,
  };
};

const TURNED_AWAY_MAX = 200;

/** A service that does a few such things at once sends the others away: they come again. */
const untilLetIn = async <T>(request: () => Promise<T>): Promise<T> => {
  for (let turnedAway = 0; ; turnedAway += 1) {
    try {
      return await request();
    } catch (thrown) {
      const full = thrown instanceof ThroughlineError && thrown.code === 'TL0010';
      if (!full || turnedAway >= TURNED_AWAY_MAX) throw thrown;
      await setTimeout(50 + Math.random() * 100);
    }
  }
};

const problemOf = (thrown: unknown): string => {
  if (!(thrown instanceof ThroughlineError)) return thrown instanceof Error ? thrown.message : String(thrown);
  const details = thrown.details === undefined ? '' : ` ${JSON.stringify(thrown.details)}`;
  return `${thrown.code}: ${thrown.message}${details}`;
};
