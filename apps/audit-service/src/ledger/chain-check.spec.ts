import { commitSchema, type Commit } from '@throughline/contracts';
import fc from 'fast-check';
import { ChainCheck, type ChainHead, type LogRecordOfChain } from './chain-check.ts';
import { CHAIN_START, type LedgerRow, ledgerRow, rowHash } from './ledger-row.ts';

const commitOf = (index: number): Commit =>
  commitSchema.parse({
    v: 2,
    id: `append-${index}`,
    tenant: 'acme',
    aggregateId: `session-${index}`,
    version: 1,
    prevSeq: 0,
    rules: 1,
    correlationId: `order-${index}`,
    aggregate: 'replay',
    commands: [
      {
        id: `command-${index}`,
        at: `2026-01-01T00:00:00.00${index % 10}Z`,
        actor: { kind: 'user', id: index % 2 === 0 ? 'ann' : 'bob' },
        seed: '0'.repeat(32),
        events: 1,
        type: 'RecordReplay',
        body: {
          request: { scope: 'execution', executionId: `e-${index}`, kind: 'verify', mode: 'full' },
          result: { verdict: 'identical', commits: 1, events: 1, matchPercent: 100 },
        },
      },
    ],
    events: [{ type: 'ReplayCompleted', verdict: 'identical' }],
    digest: '0'.repeat(64),
  });

const logOf = (length: number): readonly LogRecordOfChain[] =>
  Array.from({ length }, (_, index) => {
    const commit = commitOf(index);
    const bytes = new TextEncoder().encode(JSON.stringify(commit));
    // Other tenants' commits lie between.
    return { commit, aggregateId: commit.aggregateId, seq: 3 + index * 2, bytes };
  });

const chainOf = (log: readonly LogRecordOfChain[]): LedgerRow[] => {
  const rows: LedgerRow[] = [];
  for (const record of log) {
    if (record.commit) rows.push(ledgerRow(rows.at(-1) ?? CHAIN_START, { ...record, commit: record.commit }));
  }
  return rows;
};

const check = (
  log: readonly LogRecordOfChain[],
  rows: readonly LedgerRow[],
  head: ChainHead | undefined = rows.at(-1),
) => {
  const chain = new ChainCheck();
  for (const [index, record] of log.entries()) {
    const bad = chain.take(record, rows[index]);
    if (bad) return bad;
  }
  return chain.finish(rows[log.length], head, log.at(-1)?.seq ?? 0);
};

/** Another value of the same type for any field of a row. */
const changed = (value: LedgerRow[keyof LedgerRow]): LedgerRow[keyof LedgerRow] => {
  if (typeof value === 'number') return value + 1;
  return typeof value === 'string' ? `${value.slice(1)}x` : [...value, 'x'];
};

const LENGTH = 12;
const log = logOf(LENGTH);
const rows = chainOf(log);
const FIELDS = Object.keys(rows[0] ?? {}) as (keyof LedgerRow)[];
const anyRow = fc.nat(LENGTH - 1);

describe('the check of a chain beside the log', () => {
  it('finds nothing in an untouched chain', () => {
    expect(check(log, rows)).toBeUndefined();
    expect(check([], [], undefined)).toBeUndefined();
  });

  it('names the row in which any one field was edited', () => {
    fc.assert(
      // The tenant is the key by which rows are found, so an edited one is a missing row: see below.
      fc.property(anyRow, fc.constantFrom(...FIELDS.filter((field) => field !== 'tenant')), (at, field) => {
        const edited = rows.map((row, i) => (i === at ? { ...row, [field]: changed(row[field]) } : row));
        expect(check(log, edited)).toMatchObject({ n: at + 1 });
      }),
    );
  });

  it('names an edited row although its own hash was made again', () => {
    fc.assert(
      fc.property(
        anyRow,
        fc.constantFrom(...FIELDS.filter((field) => !['tenant', 'hash', 'n'].includes(field))),
        (at, field) => {
          const edited = rows.map((row, i) => {
            const content = { ...row, [field]: changed(row[field]) };
            return i === at ? { ...content, hash: rowHash(content) } : row;
          });
          expect(check(log, edited)).toMatchObject({ n: at + 1 });
        },
      ),
    );
  });

  it('names the first edited row although the whole chain behind it was made again', () => {
    const edited: LedgerRow[] = [];
    for (const [i, row] of rows.entries()) {
      const content = {
        ...row,
        actors: i === 4 ? ['user:mallory'] : row.actors,
        previousHash: edited.at(-1)?.hash ?? CHAIN_START.hash,
      };
      edited.push({ ...content, hash: rowHash(content) });
    }
    expect(check(log, edited)).toEqual({
      n: 5,
      seq: rows[4]?.seq,
      aggregateId: 'session-4',
      problem: 'the row says otherwise than the commit: actors',
    });
  });

  it('says which field of an edited row differs from the commit', () => {
    const edited = rows.map((row, i) => (i === 2 ? { ...row, at: '2020-01-01T00:00:00.000Z' } : row));
    expect(check(log, edited)?.problem).toBe('the content does not match the hash (at)');
  });

  it('names a row that was taken out, also the last ones', () => {
    fc.assert(
      fc.property(anyRow, (at) => {
        const without = rows.filter((_, i) => i !== at);
        expect(check(log, without, rows.at(-1))).toMatchObject({ n: at + 1, aggregateId: `session-${at}` });
      }),
    );
  });

  it('names a row that was made for nothing on the log', () => {
    expect(check(log.slice(0, -1), rows)).toMatchObject({ n: LENGTH, problem: 'the row is not on the log' });
  });

  it('names the first row whose commit has other bytes on the log', () => {
    fc.assert(
      fc.property(anyRow, fc.nat(), (at, where) => {
        const altered = log.map((record, i) => {
          if (i !== at) return record;
          const bytes = Uint8Array.from(record.bytes);
          const position = where % bytes.length;
          bytes[position] = (bytes[position] ?? 0) ^ 1;
          return { ...record, bytes };
        });
        expect(check(altered, rows)).toMatchObject({ n: at + 1, seq: rows[at]?.seq });
      }),
    );
  });

  it('reports a recorded end that is not the last row, and takes one that has gone on', () => {
    const last = rows[LENGTH - 1];
    if (!last) throw new Error('the chain is empty');
    expect(check(log, rows, { ...last, hash: '1'.repeat(64) })?.problem).toContain('end of the chain');
    expect(check(log, rows, { ...last, n: last.n - 1 })?.problem).toContain('end of the chain');
    expect(check(log, rows, { ...last, n: last.n + 5 })?.problem).toContain('end of the chain');
    expect(check(log, rows, { ...last, n: last.n + 5, seq: last.seq + 5 })).toBeUndefined();
  });
});
