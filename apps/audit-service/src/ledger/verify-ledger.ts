import { type AuditVerification, parseLogSubject, STREAMS, SUBJECT_FILTERS, type Tenant } from '@throughline/contracts';
import { decodeCommit } from '@throughline/event-log';
import { type FeedRecord, type LogFeed, type NatsConnection, openLogFeed } from '@throughline/event-log/jetstream';
import type { LedgerReads } from '../read-model/ledger-reads.ts';
import { type BadRow, ChainCheck, type ChainHead, type LogRecordOfChain } from './chain-check.ts';
import type { LedgerRow } from './ledger-row.ts';

const PAGE = 1_000;
const FEED_IDLE_MS = 2_000;
const LOOKUP_MS = 5_000;

/** Pages through the ledger one row at a time; holds one page. */
class LedgerWalk {
  #page: LedgerRow[] = [];
  #at = 0;
  /** From below the first: a row in front of the chain is none of it. */
  #lastN = Number.MIN_SAFE_INTEGER;

  constructor(
    private readonly reads: LedgerReads,
    private readonly tenant: Tenant,
    private readonly seqMax: number,
  ) {}

  async next(): Promise<LedgerRow | undefined> {
    if (this.#at === this.#page.length) {
      this.#page = [...(await this.reads.rowsAfter(this.tenant, this.#lastN, this.seqMax, PAGE))];
      this.#at = 0;
    }
    const row = this.#page[this.#at];
    if (!row) return undefined;
    this.#at += 1;
    this.#lastN = row.n;
    return row;
  }
}

/** The tenant's last sequence on the log: without it the end of a filtered feed cannot be told from a slow server. */
const lastSeqOf = async (nc: NatsConnection, tenant: Tenant): Promise<number> => {
  const request = JSON.stringify({ last_by_subj: SUBJECT_FILTERS.logOfTenant(tenant) });
  const reply = await nc.request(`$JS.API.STREAM.MSG.GET.${STREAMS.log}`, request, { timeout: LOOKUP_MS });
  const answer = reply.json<{ message?: { seq: number }; error?: { code: number; description: string } }>();
  if (answer.message) return answer.message.seq;
  if (answer.error?.code === 404) return 0;
  throw new Error(`the log's last record cannot be read: ${answer.error?.description ?? 'no answer'}`);
};

const recordOf = (record: FeedRecord): LogRecordOfChain => {
  const decoded = decodeCommit(record.bytes);
  return {
    seq: record.seq,
    bytes: record.bytes,
    commit: decoded.kind === 'commit' ? decoded.commit : undefined,
    aggregateId: parseLogSubject(record.subject)?.aggregateId ?? '',
  };
};

async function* recordsUpTo(feed: LogFeed, seqMax: number, signal: AbortSignal): AsyncGenerator<FeedRecord> {
  for (let last = 0; last < seqMax;) {
    const records = await feed.next({ maxMessages: PAGE, idleMs: FEED_IDLE_MS, signal });
    if (records.length === 0) throw new Error(`the log gave nothing after sequence ${last} of ${seqMax}`);
    for (const record of records) {
      if (record.seq > seqMax) return;
      last = record.seq;
      yield record;
    }
  }
}

/** Rows and heads are made from the log, so none can be of a later record than the log's last one, read after them. */
const beyondTheLog = async (
  nc: NatsConnection,
  reads: LedgerReads,
  tenant: Tenant,
  head: ChainHead | undefined,
): Promise<BadRow | undefined> => {
  const row = await reads.rowOfLatestSeq(tenant);
  const lastSeq = await lastSeqOf(nc, tenant);
  if (row && row.seq > lastSeq)
    return { n: row.n, seq: row.seq, aggregateId: row.aggregateId, problem: 'the row is not on the log' };
  if (head && head.seq > lastSeq)
    return { n: head.n, seq: head.seq, aggregateId: null, problem: 'the recorded end of the chain is not on the log' };
  return undefined;
};

/**
 * Walks the tenant's ledger beside the log itself, as far as the ledger has come. Memory holds a page of each, whatever
 * their length. Stops at the first bad row.
 */
export const verifyLedger = async (
  nc: NatsConnection,
  reads: LedgerReads,
  tenant: Tenant,
  writtenSeq: number,
  signal: AbortSignal,
): Promise<AuditVerification> => {
  const lastSeq = await lastSeqOf(nc, tenant);
  const position = await reads.position(tenant);
  const { head } = position;
  const projectedSeq = Math.max(position.projectedSeq, writtenSeq);
  const check = new ChainCheck();
  const rows = new LedgerWalk(reads, tenant, projectedSeq);
  const seqMax = Math.min(lastSeq, projectedSeq);
  let bad: BadRow | undefined;
  if (seqMax > 0) {
    const filterSubject = SUBJECT_FILTERS.logOfTenant(tenant);
    const feed = await openLogFeed(nc, { name: 'audit-verify', fromSeq: 1, filterSubject, batchMax: PAGE });
    try {
      for await (const record of recordsUpTo(feed, seqMax, signal)) {
        bad = check.take(recordOf(record), await rows.next());
        if (bad) break;
      }
    } finally {
      await feed.close();
    }
  }
  bad ??= check.finish(await rows.next(), head, projectedSeq) ?? (await beyondTheLog(nc, reads, tenant, head));
  const { n, hash } = check.end;
  return {
    verdict: bad ? 'broken' : 'intact',
    rows: n,
    head: n > 0 ? hash : null,
    ...(bad ? { firstBad: bad } : {}),
  };
};
