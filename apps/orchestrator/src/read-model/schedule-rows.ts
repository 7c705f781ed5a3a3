import type { Json, ScheduleView } from '@throughline/contracts';
import { jsonColumn, type SqlTransaction, textColumn } from '@throughline/projections';
import type { ScheduleState } from '@throughline/execution';

/** Everything of a schedule that is shown, but for instants further away than the next one. */
export type ScheduleFacts = Omit<ScheduleView, 'next'>;

export interface ScheduleRow {
  readonly tenant: string;
  readonly id: string;
  readonly status: ScheduleView['status'];
  readonly workflowName: string;
  readonly nextAt: string | null;
  readonly openRuns: number;
  readonly facts: ScheduleFacts;
  readonly updatedAt: string;
  readonly version: number;
  readonly seq: number;
}

/** Undefined for a schedule that was never put. */
export const scheduleFacts = (state: ScheduleState): ScheduleFacts | undefined => {
  const { ref, status, spec, createdAt, putAt, putBy } = state;
  if (status === 'none' || !spec || !createdAt || !putAt || !putBy) return undefined;
  return {
    // A schedule's aggregate id is its id.
    id: ref.aggregateId as unknown as ScheduleFacts['id'],
    status,
    workflow: { name: spec.workflow, version: spec.version ?? null },
    ...(spec.input === undefined ? {} : { input: spec.input }),
    labels: spec.labels ?? {},
    description: spec.description ?? null,
    timing: spec.timing,
    overlap: spec.overlap,
    catchUpSeconds: spec.catchUpSeconds,
    running: state.open.map(({ executionId, instant, cause, requestedAt, started, stopped }) => ({
      executionId,
      instant,
      cause,
      requestedAt,
      started,
      stopped,
    })),
    queued: state.queued,
    last: [...state.past],
    counts: state.counts,
    createdAt,
    putAt,
    putBy,
    version: state.version,
  };
};

export const scheduleRow = (state: ScheduleState): ScheduleRow | undefined => {
  const facts = scheduleFacts(state);
  return (
    facts && {
      tenant: state.ref.tenant,
      id: facts.id,
      status: facts.status,
      workflowName: facts.workflow.name,
      nextAt: state.timer?.dueAt ?? null,
      openRuns: state.open.length,
      facts,
      updatedAt: state.lastAt ?? facts.putAt,
      version: state.version,
      seq: state.seq,
    }
  );
};

/** The last word on each; a row already there may only be replaced by a later one. */
export const upsertSchedules = async (sql: SqlTransaction, rows: readonly ScheduleRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO schedules AS held (tenant, id, status, workflow_name, next_at, open_runs, facts, updated_at, version, seq)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::json[], $8::text[],
       $9::int[], $10::bigint[])
     ON CONFLICT (tenant, id) DO UPDATE SET
       status = excluded.status, workflow_name = excluded.workflow_name, next_at = excluded.next_at,
       open_runs = excluded.open_runs, facts = excluded.facts, updated_at = excluded.updated_at,
       version = excluded.version, seq = excluded.seq
     WHERE held.version < excluded.version`,
    [
      rows.map((row) => row.tenant),
      rows.map((row) => row.id),
      rows.map((row) => row.status),
      rows.map((row) => textColumn(row.workflowName)),
      rows.map((row) => row.nextAt),
      rows.map((row) => row.openRuns),
      // Facts hold JSON only.
      rows.map((row) => jsonColumn(row.facts as unknown as Json)),
      rows.map((row) => row.updatedAt),
      rows.map((row) => row.version),
      rows.map((row) => row.seq),
    ],
  );
};
