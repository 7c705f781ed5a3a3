import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@throughline/client';
import { connectNats, JetStreamEventLog, logPosition } from '@throughline/event-log/jetstream';
import { startSystem } from '@throughline/local-system';
import { BulkCommits } from './bulk-commits.ts';
import { sequentialSteps } from './workload.ts';

export interface Rebuilt {
  readonly commits: number;
  readonly writeSeconds: number;
  readonly rebuildSeconds: number;
  readonly commitsPerSecond: number;
  readonly tables: Readonly<Record<string, string>>;
  /** Reads of the serving tables while it went on. */
  readonly reads: { readonly answered: number; readonly failed: number; readonly p99Ms: number };
}

const SIDE_BY_SIDE = 2_000;
const SAY_EVERY = 100_000;
const READ_EVERY_MS = 100;

/** Writes a log of so many commits, and rebuilds the orchestrator's read model from it while it is read. */
export const rebuild = async (commits: number, say: (line: string) => void): Promise<Rebuilt> => {
  const home = mkdtempSync(join(tmpdir(), 'throughline-rebuild-'));
  // Postgres runs as another user when started by root.
  chmodSync(home, 0o755);
  const system = await startSystem({ home, portBase: 'free', services: ['orchestrator'] });
  const nc = await connectNats({ url: system.natsUrl, name: 'bench' });
  const client = createClient({ url: system.serviceUrls.orchestrator, apiKey: system.apiKey });
  try {
    const log = new JetStreamEventLog(nc);
    const bulk = new BulkCommits(log);
    await bulk.register('bulk', sequentialSteps(3));
    say(`writing ${commits} commits`);
    const writeSeconds = await secondsOf(() => {
      let said = 0;
      return bulk.write(commits, SIDE_BY_SIDE, (stored) => {
        if (stored < said + SAY_EVERY) return;
        said += SAY_EVERY;
        say(`  ${said} commits are stored`);
      });
    });
    log.close();
    const { lastSeq } = await logPosition(nc);
    say('waiting for the serving tables');
    for (;;) {
      const { projectedSeq } = await client.stats();
      if (projectedSeq >= lastSeq) break;
      await pause(500);
    }
    say('rebuilding');
    const reads = readMeanwhile(() => client.list({ limit: 20 }));
    let tables: Rebuilt['tables'] = {};
    const rebuildSeconds = await secondsOf(async () => {
      tables = (await client.rebuild('orchestrator')).tables;
    });
    return {
      commits: lastSeq,
      writeSeconds,
      rebuildSeconds,
      commitsPerSecond: Math.round(lastSeq / rebuildSeconds),
      tables,
      reads: await reads.end(),
    };
  } finally {
    await nc.close();
    await system.stop();
    rmSync(home, { recursive: true, force: true });
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const secondsOf = async (work: () => Promise<void>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return Math.round((performance.now() - startedMs) / 100) / 10;
};

const readMeanwhile = (read: () => Promise<unknown>) => {
  const tookMs: number[] = [];
  let [failed, ending] = [0, false];
  const reading = (async () => {
    while (!ending) {
      const startedMs = performance.now();
      await read().then(
        () => tookMs.push(performance.now() - startedMs),
        () => (failed += 1),
      );
      await pause(READ_EVERY_MS);
    }
  })();
  return {
    end: async (): Promise<Rebuilt['reads']> => {
      ending = true;
      await reading;
      const sorted = tookMs.sort((a, b) => a - b);
      return {
        answered: sorted.length,
        failed,
        p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN),
      };
    },
  };
};

export const rebuildTable = ({
  commits,
  writeSeconds,
  rebuildSeconds,
  commitsPerSecond,
  tables,
  reads,
}: Rebuilt): string =>
  [
    `a log of ${commits} commits, written in ${writeSeconds} s`,
    `orchestrator's read model rebuilt in ${rebuildSeconds} s (${commitsPerSecond} commits/s), digests included`,
    `reads meanwhile: ${reads.answered} answered, ${reads.failed} failed, p99 ${reads.p99Ms} ms`,
    `tables: ${Object.entries(tables)
      .map(([table, how]) => `${table} ${how}`)
      .join(', ')}`,
  ].join('\n');
