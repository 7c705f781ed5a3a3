import type { Commit, Json, ReplaySessionView } from '@throughline/contracts';
import { jsonColumn, type ReadModel, schemaOf, type SqlTransaction, textColumn } from '@throughline/projections';

export type SessionRow = ReplaySessionView & { readonly tenant: string };

/** The session that a commit of the `replay` aggregate records. */
export const sessionOf = (commit: Commit): SessionRow | undefined => {
  const command = commit.aggregate === 'replay' ? commit.commands.at(-1) : undefined;
  if (!command) return undefined;
  const { executionId, mode, result } = command.body;
  return {
    tenant: commit.tenant,
    id: commit.aggregateId,
    executionId,
    mode,
    status: 'completed',
    at: command.at,
    result,
  };
};

const insertSessions = async (sql: SqlTransaction, rows: readonly SessionRow[]): Promise<void> => {
  await sql.query(
    `INSERT INTO replay_sessions (tenant, id, execution_id, mode, at, verdict, commits, events, match_percent, first_divergence)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[],
       $9::float8[], $10::json[])`,
    [
      rows.map((row) => row.tenant),
      rows.map((row) => row.id),
      rows.map((row) => row.executionId),
      rows.map((row) => row.mode),
      rows.map((row) => row.at),
      rows.map((row) => textColumn(row.result.verdict)),
      rows.map((row) => row.result.commits),
      rows.map((row) => row.result.events),
      rows.map((row) => row.result.matchPercent),
      // Optional fields that are undefined are left out of the text, so what remains is JSON.
      rows.map((row) => jsonColumn(row.result.firstDivergence as unknown as Json | undefined)),
    ],
  );
};

export const replayReadModel: ReadModel = {
  service: 'replay-service',
  schema: schemaOf('replay-service'),
  createProjection: () => ({
    schema: schemaOf('replay-service'),
    aggregate: 'replay',
    apply: async (batch, sql) => {
      const rows = batch.flatMap(({ commit }) => sessionOf(commit) ?? []);
      // A session has one commit: see the replay decider.
      if (rows.length > 0) await insertSessions(sql, rows);
    },
  }),
};
