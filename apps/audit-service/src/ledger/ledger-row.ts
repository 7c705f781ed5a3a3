import { hash } from 'node:crypto';
import type { Commit } from '@throughline/contracts';

/** One commit as the ledger keeps it. Everything but the hash is content. */
export interface LedgerRow {
  readonly tenant: string;
  /** Position in the tenant's chain, from 1. */
  readonly n: number;
  readonly seq: number;
  readonly aggregate: string;
  readonly aggregateId: string;
  readonly version: number;
  /** Of the last command: when the commit was decided. */
  readonly at: string;
  /** Distinct, in order of appearance, `<kind>:<id>`. */
  readonly actors: readonly string[];
  readonly commands: readonly string[];
  readonly events: readonly string[];
  readonly correlationId: string;
  /** sha256 of the commit's very bytes on the log. */
  readonly commitHash: string;
  readonly previousHash: string;
  readonly hash: string;
}

/** Where a tenant's chain ends; its next row continues from here. */
export interface ChainEnd {
  readonly n: number;
  readonly hash: string;
}
export const CHAIN_START: ChainEnd = { n: 0, hash: '0'.repeat(64) };

export const sha256Of = (content: string | Uint8Array): string => hash('sha256', content, 'hex');

/** An array and not an object: its order is the canonical form, whatever order a row's keys come in. */
export const rowHash = (row: Omit<LedgerRow, 'hash'>): string =>
  sha256Of(
    JSON.stringify([
      row.tenant,
      row.n,
      row.seq,
      row.aggregate,
      row.aggregateId,
      row.version,
      row.at,
      row.actors,
      row.commands,
      row.events,
      row.correlationId,
      row.commitHash,
      row.previousHash,
    ]),
  );

export interface CommitOnLog {
  readonly commit: Commit;
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** The row that follows `end` for this commit. Follows from the log alone, so a rebuilt ledger has the same hashes. */
export const ledgerRow = (end: ChainEnd, { commit, seq, bytes }: CommitOnLog): LedgerRow => {
  const content: Omit<LedgerRow, 'hash'> = {
    tenant: commit.tenant,
    n: end.n + 1,
    seq,
    aggregate: commit.aggregate,
    aggregateId: commit.aggregateId,
    version: commit.version,
    at: commit.commands.at(-1)?.at ?? '',
    actors: [...new Set(commit.commands.map(({ actor }) => `${actor.kind}:${actor.id}`))],
    commands: commit.commands.map(({ type }) => type),
    events: commit.events.map(({ type }) => type),
    correlationId: commit.correlationId,
    commitHash: sha256Of(bytes),
    previousHash: end.hash,
  };
  return { ...content, hash: rowHash(content) };
};
