import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ReplayProgress, type ReplayResult, STREAMS, SUBJECT_FILTERS, type Tenant } from '@throughline/contracts';
import { LogVerification } from './log-verification.ts';
import type { NatsConnection } from '../jetstream/connection.ts';
import { JetStreamEventLog } from '../jetstream/jetstream-event-log.ts';
import { getFromLeader } from '../jetstream/js-api.ts';
import { type LogFeed, openLogFeed } from '../jetstream/log-feed.ts';
import { logPosition } from '../jetstream/streams.ts';

export interface VerifyLogOptions {
  /** Shown in the server's consumer list. */
  readonly name: string;
  /** Default: all of them. */
  readonly tenant?: Tenant;
  /** Only what was stored since then, RFC 3339 in UTC. */
  readonly since?: string;
  /** States that are kept at once; others are folded again when they are needed. */
  readonly statesMax?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReplayProgress) => void;
}

const BATCH = 500;
const IDLE_MS = 1_000;
/** Longest time without a record where one has to come. */
const SILENT_MS_MAX = 30_000;
/** Others get their turn at least this often; one commit alone is bounded by its 1,000 events. */
const TURN_MS = 20;

/** Reads the log from its beginning to the end that it has now, and verifies every aggregate on it. */
export const verifyLog = async (nc: NatsConnection, options: VerifyLogOptions): Promise<ReplayResult> => {
  const { name, tenant, since, signal, onProgress } = options;
  const filter = tenant === undefined ? SUBJECT_FILTERS.log : SUBJECT_FILTERS.logOfTenant(tenant);
  const [{ firstSeq }, last] = await Promise.all([
    logPosition(nc),
    getFromLeader(nc, STREAMS.log, { last_by_subj: filter }),
  ]);
  const lastSeq = last?.seq ?? 0;
  const fromSeq = since === undefined ? Math.max(1, firstSeq) : await firstStoredSince(nc, since, firstSeq, lastSeq);
  const log = new JetStreamEventLog(nc);
  const { statesMax } = options;
  const verification = new LogVerification(log, { fromSeq, ...(statesMax === undefined ? {} : { statesMax }) });
  const feed = await openLogFeed(nc, { name, fromSeq, filterSubject: filter, batchMax: BATCH });
  try {
    await readAll(feed, { fromSeq, lastSeq, verification, signal, onProgress });
  } finally {
    await feed.close();
    log.close();
  }
  return verification.result();
};

interface Reading {
  readonly fromSeq: number;
  readonly lastSeq: number;
  readonly verification: LogVerification;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: ReplayProgress) => void) | undefined;
}

const readAll = async (feed: LogFeed, reading: Reading): Promise<void> => {
  const { fromSeq, lastSeq, verification, signal, onProgress } = reading;
  let readTo = fromSeq - 1;
  let silentSinceMs = performance.now();
  let turnStartedMs = performance.now();
  while (readTo < lastSeq) {
    signal?.throwIfAborted();
    const records = await feed.next({ idleMs: IDLE_MS, ...(signal ? { signal } : {}) });
    if (records.length > 0) silentSinceMs = performance.now();
    else if (performance.now() - silentSinceMs > SILENT_MS_MAX) {
      throw new Error(`nothing came from the log after sequence ${readTo}, and it goes on to ${lastSeq}`);
    }
    for (const record of records) {
      // What was added since the beginning is for the next time.
      if (record.seq > lastSeq) return;
      await verification.take(record);
      readTo = record.seq;
      if (performance.now() - turnStartedMs < TURN_MS) continue;
      await nextTurn();
      turnStartedMs = performance.now();
    }
    onProgress?.({ commits: Math.max(0, readTo - fromSeq + 1), of: Math.max(0, lastSeq - fromSeq + 1) });
  }
};

/** By halving: nothing is ever taken out of the log, so every sequence between first and last is there. */
const firstStoredSince = async (
  nc: NatsConnection,
  since: string,
  firstSeq: number,
  lastSeq: number,
): Promise<number> => {
  let [low, high] = [Math.max(1, firstSeq), lastSeq + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await getFromLeader(nc, STREAMS.log, { seq: middle, next_by_subj: SUBJECT_FILTERS.log });
    if (!record || record.storedAt >= since) high = middle;
    else low = middle + 1;
  }
  return low;
};
