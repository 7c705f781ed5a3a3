import { parseCommit, SUBJECT_FILTERS } from '@throughline/contracts';
import { connectNats, type NatsConnection, openLogFeed } from '@throughline/event-log/jetstream';
import { replayAll } from '@throughline/local-system';
import {
  type AcknowledgedRecord,
  type CheckReport,
  endedOrWaiting,
  LogCheck,
  PromiseTable,
} from '@throughline/testkit/checker';
import type { ChaosSystem } from './chaos-system.ts';

export interface Verdict {
  readonly check: CheckReport;
  readonly executions: number;
  readonly ended: number;
  readonly replay: string;
}

const BATCH = 1_000;
const IDLE_MS = 1_000;

/** What the log, read from its first commit, says of everything that was acknowledged. */
export const judge = async ({ direct }: ChaosSystem, record: AcknowledgedRecord): Promise<Verdict> => {
  const nc = await connectNats({ url: direct.natsUrl, name: 'chaos-judge', connectTimeoutMs: 60_000 });
  try {
    const log = new LogCheck({ acknowledged: record.all, table: new PromiseTable() });
    await readLog(nc, log);
    const table = log.end();
    endedOrWaiting(log.books.all(), table);
    const replay = await replayAll(direct.natsUrl);
    table.expect(replay.verdict !== 'divergent', 'decides', 'the whole log', replay.line);
    const books = [...log.books.all()].filter(({ started }) => started);
    return {
      check: table.report(),
      executions: books.length,
      ended: books.filter(({ ended }) => ended !== undefined).length,
      replay: replay.line,
    };
  } finally {
    await nc.close();
  }
};

const readLog = async (nc: NatsConnection, log: LogCheck): Promise<void> => {
  const feed = await openLogFeed(nc, {
    name: 'chaos-judge',
    fromSeq: 1,
    filterSubject: SUBJECT_FILTERS.log,
    batchMax: BATCH,
  });
  try {
    for (;;) {
      const records = await feed.next({ idleMs: IDLE_MS });
      if (records.length === 0) return;
      for (const { bytes, seq, subject } of records) {
        const parsed = parseCommit(JSON.parse(new TextDecoder().decode(bytes)));
        if (parsed.kind !== 'commit') throw new Error(`log sequence ${seq} cannot be read`);
        log.take({ commit: parsed.commit, seq, subject });
      }
    }
  } finally {
    await feed.close();
  }
};
