import { type ExecutionCommit, parseCommit, SUBJECT_FILTERS } from '@throughline/contracts';
import { type NatsConnection, openLogFeed } from '@throughline/event-log/jetstream';

export interface LogAudit {
  /** Executions with a stored end. */
  readonly ended: ReadonlySet<string>;
  /** Step visits with more than one result that counts. */
  readonly countedTwice: number;
}

const BATCH = 1_000;
const IDLE_MS = 500;

/** Reads the whole log and counts, per state visit, the results that count. */
export const auditLog = async (nc: NatsConnection): Promise<LogAudit> => {
  const feed = await openLogFeed(nc, {
    name: 'log-audit',
    fromSeq: 1,
    filterSubject: SUBJECT_FILTERS.logOfAggregate('execution'),
    batchMax: BATCH,
  });
  const ended = new Set<string>();
  const visitOfToken = new Map<string, string>();
  const results = new Map<string, number>();
  for (;;) {
    const records = await feed.next({ idleMs: IDLE_MS });
    if (records.length === 0) break;
    for (const record of records) {
      const parsed = parseCommit(JSON.parse(new TextDecoder().decode(record.bytes)));
      if (parsed.kind !== 'commit') throw new Error(`log sequence ${record.seq} cannot be read`);
      if (parsed.commit.aggregate === 'execution') count(parsed.commit, { ended, visitOfToken, results });
    }
  }
  await feed.close();
  return { ended, countedTwice: [...results.values()].filter((times) => times > 1).length };
};

interface Counts {
  readonly ended: Set<string>;
  readonly visitOfToken: Map<string, string>;
  readonly results: Map<string, number>;
}

const count = (commit: ExecutionCommit, { ended, visitOfToken, results }: Counts): void => {
  commit.events.forEach((event, index) => {
    switch (event.type) {
      case 'StepScheduled': {
        const token = `${commit.aggregateId}/${commit.version}.${index}`;
        visitOfToken.set(token, `${commit.aggregateId}/${event.frame}/${event.state}/${event.visit}`);
        return;
      }
      case 'StepSucceeded': {
        const visit = visitOfToken.get(`${commit.aggregateId}/${event.token}`) ?? `unscheduled/${event.token}`;
        results.set(visit, (results.get(visit) ?? 0) + 1);
        return;
      }
      case 'ExecutionSucceeded':
      case 'ExecutionFailed':
      case 'ExecutionCancelled':
      case 'ExecutionTimedOut':
        ended.add(commit.aggregateId);
        return;
      default:
        return;
    }
  });
};
