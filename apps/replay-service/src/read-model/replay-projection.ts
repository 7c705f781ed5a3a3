import type { Json, ReplaySessionView } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { ReplayState } from '@throughline/execution';
import {
  AggregateFolds,
  jsonColumn,
  type ProjectedRecord,
  type Projection,
  type ReadModel,
  schemaOf,
  type SqlTransaction,
  type WriteRows,
} from '@throughline/projections';
import { sessionView } from '../sessions/session-view.ts';

interface SessionRow {
  readonly tenant: string;
  readonly view: ReplaySessionView;
  /** Since when nobody has said anything of it; null once it has ended. */
  readonly silentSince: string | null;
  readonly version: number;
}

export const sessionRow = (state: ReplayState): SessionRow | undefined => {
  const view = sessionView(state);
  const { session, ref, version } = state;
  if (!view || !session) return undefined;
  const silentSince =
    session.status === 'pending' ? session.at : session.status === 'running' ? session.renewedAt : null;
  return { tenant: ref.tenant, view, silentSince, version };
};

const upsertSessions = async (sql: SqlTransaction, rows: readonly SessionRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO replay_sessions AS held
       (tenant, id, execution_id, scope, kind, status, verdict, at, silent_since, version, view)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::int[], $11::json[])
     ON CONFLICT (tenant, id) DO UPDATE SET
       status = excluded.status, verdict = excluded.verdict, silent_since = excluded.silent_since,
       version = excluded.version, view = excluded.view
     WHERE held.version < excluded.version`,
    [
      rows.map((row) => row.tenant),
      rows.map(({ view }) => view.id),
      rows.map(({ view }) => view.executionId),
      rows.map(({ view }) => view.scope),
      rows.map(({ view }) => view.kind),
      rows.map(({ view }) => view.status),
      rows.map(({ view }) => (view.status === 'completed' ? view.result.verdict : null)),
      rows.map(({ view }) => view.at),
      rows.map((row) => row.silentSince),
      rows.map((row) => row.version),
      // Optional fields that are undefined are left out of the text, so what remains is JSON.
      rows.map(({ view }) => jsonColumn(view as unknown as Json)),
    ],
  );
};

class ReplayProjection implements Projection {
  readonly schema = schemaOf('replay-service');
  readonly aggregate = 'replay';
  private readonly folds: AggregateFolds<ReplayState>;

  constructor(log: EventLog) {
    this.folds = new AggregateFolds(log, 'replay');
  }

  follow(records: readonly ProjectedRecord[]): void {
    this.folds.follow(records);
  }

  async prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows> {
    await this.folds.warm(batch);
    const rows = new Map<string, SessionRow>();
    for (const record of batch) {
      if (record.commit.aggregate !== 'replay') continue;
      const row = sessionRow(await this.folds.after(record));
      // The last word on each session is what counts.
      if (row) rows.set(`${row.tenant}/${row.view.id}`, row);
    }
    return (sql) => upsertSessions(sql, [...rows.values()]);
  }
}

export const replayReadModel: ReadModel = {
  service: 'replay-service',
  schema: schemaOf('replay-service'),
  // Made by reading, so no rebuild could make them again, and no digest speaks for them: each has its own. See ADR 0013.
  tablesNotFromLog: ['snapshots'],
  rowsAsOf: { replay_sessions: { aggregate: 'replay', id: 'id' } },
  createProjection: (log) => new ReplayProjection(log),
};
