import type { LocksStandingStill, SchedulesStandingStill, StandingStill } from '@throughline/engine';
import type { SqlResult, SqlTransaction } from '@throughline/projections';
import type { Process } from './network.ts';
import { type Row, SimulatedTables } from './simulated-tables.ts';

/** Somebody else writes: ask again. */
export class LockTaken extends Error {
  override readonly name = 'LockTaken';
}

/** A transaction that its client has given up, or the server. */
export class TransactionOver extends Error {
  override readonly name = 'TransactionOver';
}

/** As a connection: what comes over it late, after it was closed, does nothing. */
interface Transaction {
  readonly process: Process;
}

/** The schema of one service: one transaction at a time, as the lock of its checkpoint makes it. */
export class SimulatedDatabase {
  private readonly tables = new SimulatedTables();
  private owner: Transaction | undefined;

  /** What is committed. Throws while somebody writes: then nobody has seen it yet. */
  committed(): SimulatedTables {
    if (this.owner?.process.alive) throw new LockTaken('the rows are being written');
    if (this.owner) this.rollback(this.owner);
    return this.tables;
  }

  begin(process: Process): Transaction {
    this.committed();
    this.owner = { process };
    return this.owner;
  }

  query(transaction: Transaction, text: string, values: readonly unknown[]): { rows: Row[]; rowCount: number } {
    this.mustOwn(transaction);
    return this.tables.query(text, values);
  }

  commit(transaction: Transaction): void {
    this.mustOwn(transaction);
    this.tables.commit();
    this.owner = undefined;
  }

  rollback(transaction: Transaction): void {
    if (this.owner !== transaction) return;
    this.tables.rollback();
    this.owner = undefined;
  }

  private mustOwn(transaction: Transaction): void {
    if (this.owner !== transaction) throw new TransactionOver('the transaction is over');
  }
}

const LOCK_WAIT_MS = 20;

/** One transaction, every statement of which is a place to crash or to hear nothing at. */
export const inTransaction = async (
  process: Process,
  database: SimulatedDatabase,
  run: (sql: SqlTransaction) => Promise<void>,
): Promise<void> => {
  const transaction = await begun(process, database);
  try {
    await run({
      query: async <R extends object>(text: string, values: readonly unknown[] = []) =>
        // The statement's author says what its rows are, as with Postgres.
        (await process.call(() => database.query(transaction, text, values))) as unknown as SqlResult<R>,
    });
    await process.call(() => database.commit(transaction));
  } catch (error) {
    // The server notices a connection that is gone, whatever its client knows.
    database.rollback(transaction);
    throw error;
  }
};

const begun = async (process: Process, database: SimulatedDatabase): Promise<Transaction> => {
  for (;;) {
    let opened: Transaction | undefined;
    let gaveUp = false;
    const open = (): Transaction => {
      if (gaveUp) throw new TransactionOver('nobody waits for it any more');
      return (opened = database.begin(process));
    };
    try {
      return await process.call(open);
    } catch (error) {
      gaveUp = true;
      // Begun all the same, perhaps: nobody will ever use it.
      if (opened) database.rollback(opened);
      if (!(error instanceof LockTaken)) throw error;
      await process.sleep(LOCK_WAIT_MS);
    }
  }
};

const text = (row: Row, column: string): string => String(row[column]);
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** What the reconcilers ask of the orchestrator's rows. */
export class SimulatedReads {
  private readonly process: Process;
  private readonly database: SimulatedDatabase;

  constructor(process: Process, database: SimulatedDatabase) {
    this.process = process;
    this.database = database;
  }

  readonly executions: StandingStill = {
    standingStill: async (before, limit, after) => {
      const rows = await this.rows('executions', (row) => row['ended_at'] === null && text(row, 'updated_at') < before);
      return rows
        .map((row) => ({ tenant: text(row, 'tenant'), id: text(row, 'id'), startedAt: text(row, 'started_at') }))
        .filter(
          ({ id, startedAt }) =>
            !after || compare(startedAt, after.startedAt) > 0 || (startedAt === after.startedAt && id > after.id),
        )
        .sort((a, b) => compare(a.startedAt, b.startedAt) || compare(a.id, b.id))
        .slice(0, limit);
    },
    deliveringStill: () => Promise.resolve([]),
  };

  readonly locks: LocksStandingStill = {
    standingStill: async (before, limit, after) => {
      const rows = await this.rows('locks', (row) => row['status'] !== 'free' && text(row, 'updated_at') < before);
      return rows
        .map((row) => ({ tenant: text(row, 'tenant'), asset: text(row, 'asset') }))
        .filter(({ asset }) => !after || asset > after.asset)
        .sort((a, b) => compare(a.asset, b.asset))
        .slice(0, limit);
    },
  };

  readonly schedules: SchedulesStandingStill = {
    standingStill: async (before, limit, after) => {
      const waits = (row: Row): boolean => row['next_at'] !== null || Number(row['open_runs']) > 0;
      const rows = await this.rows('schedules', (row) => waits(row) && text(row, 'updated_at') < before);
      return rows
        .map((row) => ({ tenant: text(row, 'tenant'), id: text(row, 'id') }))
        .filter(({ id }) => !after || id > after.id)
        .sort((a, b) => compare(a.id, b.id))
        .slice(0, limit);
    },
  };

  private rows(table: string, wanted: (row: Row) => boolean): Promise<readonly Row[]> {
    return this.process.call(() => [...this.database.committed().rowsOf(table).values()].filter(wanted));
  }
}
