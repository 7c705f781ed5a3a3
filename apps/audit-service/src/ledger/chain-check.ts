import type { AuditVerification } from '@throughline/contracts';
import {
  CHAIN_START,
  type ChainEnd,
  type CommitOnLog,
  type LedgerRow,
  ledgerRow,
  rowHash,
  sha256Of,
} from './ledger-row.ts';

export type BadRow = NonNullable<AuditVerification['firstBad']>;

/** A record of the log as the walk reads it; without a commit where it cannot be read. */
export type LogRecordOfChain = Omit<CommitOnLog, 'commit'> & {
  readonly commit: CommitOnLog['commit'] | undefined;
  readonly aggregateId: string;
};

/** The recorded end of a chain, with the log sequence of its last row. */
export type ChainHead = ChainEnd & { readonly seq: number };

const CONTENT_FIELDS = [
  'aggregate',
  'aggregateId',
  'version',
  'at',
  'actors',
  'commands',
  'events',
  'correlationId',
] as const;

const changedFields = (row: LedgerRow, expected: LedgerRow): readonly string[] =>
  CONTENT_FIELDS.filter((field) => JSON.stringify(row[field]) !== JSON.stringify(expected[field]));

/**
 * Walks one tenant's chain beside the log, record by record. The row's own hash finds an edit, the chain finds a row that
 * was made again, and the log finds a chain that was made again as a whole.
 */
export class ChainCheck {
  #end: ChainEnd = CHAIN_START;

  get end(): ChainEnd {
    return this.#end;
  }

  /** The next record of the log with the next row of the ledger; undefined where they fit. */
  take(record: LogRecordOfChain, row: LedgerRow | undefined): BadRow | undefined {
    const n = this.#end.n + 1;
    const bad = (problem: string): BadRow => ({ n, seq: record.seq, aggregateId: record.aggregateId, problem });
    if (!row) return bad(`the row is missing: the ledger ends at ${this.#end.n}, the log goes on`);
    if (row.n !== n)
      return bad(`${row.n < n ? 'a row stands before it' : 'the row is missing'}: the next one is ${row.n}`);
    const problem = this.#problemOf(record, row);
    if (problem !== undefined) return { n, seq: row.seq, aggregateId: row.aggregateId, problem };
    this.#end = { n: row.n, hash: row.hash };
    return undefined;
  }

  /** After the log's record `seqMax`, the last one walked to: no row may be left, and the chain must end where its head says. */
  finish(left: LedgerRow | undefined, head: ChainHead | undefined, seqMax: number): BadRow | undefined {
    if (left) return { n: left.n, seq: left.seq, aggregateId: left.aggregateId, problem: 'the row is not on the log' };
    if (!head) {
      if (this.#end.n === 0) return undefined;
      return { n: this.#end.n, seq: null, aggregateId: null, problem: 'the recorded end of the chain is missing' };
    }
    // A head of a later record belongs to rows that were added after the walk began.
    if (head.seq > seqMax || (head.n === this.#end.n && head.hash === this.#end.hash)) return undefined;
    return {
      n: head.n,
      seq: head.seq,
      aggregateId: null,
      problem: 'the recorded end of the chain is not its last row',
    };
  }

  #problemOf(record: LogRecordOfChain, row: LedgerRow): string | undefined {
    const expected = record.commit && ledgerRow(this.#end, { ...record, commit: record.commit });
    if (rowHash(row) !== row.hash) {
      const changed = expected && row.seq === record.seq ? changedFields(row, expected) : [];
      return `the content does not match the hash${changed.length > 0 ? ` (${changed.join(', ')})` : ''}`;
    }
    if (row.previousHash !== this.#end.hash) return 'the row does not continue the chain';
    if (row.seq !== record.seq) return `the row is for log sequence ${row.seq} where ${record.seq} comes next`;
    if (row.commitHash !== sha256Of(record.bytes))
      return 'the commit on the log has other bytes than the row was made for';
    if (!expected) return 'the commit on the log cannot be read';
    const changed = changedFields(row, expected);
    return changed.length > 0 ? `the row says otherwise than the commit: ${changed.join(', ')}` : undefined;
  }
}
