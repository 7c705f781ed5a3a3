import type { ExecutionStatus, Instant, Json, RunState, StepView, TriggerKind } from '@throughline/contracts';
import { jsonColumn, type SqlTransaction, textColumn } from '@throughline/projections';

export interface ExecutionRow {
  readonly tenant: string;
  readonly id: string;
  readonly workflowName: string;
  readonly workflowVersion: number;
  readonly status: ExecutionStatus | 'none';
  readonly progress: number;
  readonly currentStep: string | null;
  readonly trigger: TriggerKind;
  readonly correlationId: string;
  readonly parentExecutionId: string | null;
  readonly rootExecutionId: string;
  readonly runId: string | null;
  readonly labels: Json;
  readonly startedAt: Instant;
  readonly updatedAt: Instant;
  readonly endedAt: Instant | null;
  readonly version: number;
  readonly seq: number;
  readonly traceId: string | null;
  readonly input: Json;
  readonly output: Json | undefined;
  readonly error: string | null;
  readonly cause: string | null;
  readonly runState: RunState;
}

export interface StepRow {
  readonly tenant: string;
  readonly executionId: string;
  readonly id: string;
  readonly enteredEvent: number;
  readonly state: string;
  readonly frame: string;
  readonly visit: number;
  readonly status: StepView['status'];
  readonly attempts: number;
  readonly enteredAt: Instant;
  readonly exitedAt: Instant | null;
  readonly input: Json;
  readonly output: Json | undefined;
  readonly error: string | null;
  readonly cause: string | null;
}

export interface WorkflowRow {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly states: number;
  readonly registeredAt: Instant;
  readonly definition: Json;
}

/** A row already there may only be replaced by a later one: a batch that is applied again then changes nothing. */
export const upsertExecutions = async (sql: SqlTransaction, rows: readonly ExecutionRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO executions AS held
       (tenant, id, workflow_name, workflow_version, status, progress, current_step, trigger, correlation_id,
        parent_execution_id, root_execution_id, run_id, labels, started_at, updated_at, ended_at, version, seq, trace_id,
        input, output, error, cause, run_state)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[],
       $9::text[], $10::text[], $11::text[], $12::text[], $13::json[], $14::text[], $15::text[], $16::text[], $17::int[],
       $18::bigint[], $19::text[], $20::json[], $21::json[], $22::text[], $23::text[], $24::json[])
     ON CONFLICT (tenant, id) DO UPDATE SET
       workflow_version = excluded.workflow_version, status = excluded.status, progress = excluded.progress, current_step = excluded.current_step,
       updated_at = excluded.updated_at, ended_at = excluded.ended_at, version = excluded.version, seq = excluded.seq,
       output = excluded.output, error = excluded.error, cause = excluded.cause, labels = excluded.labels,
       run_state = excluded.run_state
     WHERE held.version < excluded.version`,
    [
      rows.map((row) => row.tenant),
      rows.map((row) => row.id),
      rows.map((row) => textColumn(row.workflowName)),
      rows.map((row) => row.workflowVersion),
      rows.map((row) => row.status),
      rows.map((row) => row.progress),
      rows.map((row) => textColumn(row.currentStep)),
      rows.map((row) => row.trigger),
      rows.map((row) => row.correlationId),
      rows.map((row) => row.parentExecutionId),
      rows.map((row) => row.rootExecutionId),
      rows.map((row) => textColumn(row.runId)),
      rows.map((row) => jsonColumn(row.labels)),
      rows.map((row) => row.startedAt),
      rows.map((row) => row.updatedAt),
      rows.map((row) => row.endedAt),
      rows.map((row) => row.version),
      rows.map((row) => row.seq),
      rows.map((row) => row.traceId),
      rows.map((row) => jsonColumn(row.input)),
      rows.map((row) => jsonColumn(row.output)),
      rows.map((row) => textColumn(row.error)),
      rows.map((row) => textColumn(row.cause)),
      rows.map((row) => jsonColumn(row.runState)),
    ],
  );
};

export const upsertSteps = async (sql: SqlTransaction, rows: readonly StepRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO steps
       (tenant, execution_id, id, entered_event, state, frame, visit, status, attempts, entered_at, exited_at, input,
        output, error, cause)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::int[], $8::text[],
       $9::int[], $10::text[], $11::text[], $12::json[], $13::json[], $14::text[], $15::text[])
     ON CONFLICT (tenant, execution_id, id) DO UPDATE SET
       status = excluded.status, attempts = excluded.attempts, exited_at = excluded.exited_at,
       output = excluded.output, error = excluded.error, cause = excluded.cause`,
    [
      rows.map((row) => row.tenant),
      rows.map((row) => row.executionId),
      rows.map((row) => textColumn(row.id)),
      rows.map((row) => row.enteredEvent),
      rows.map((row) => textColumn(row.state)),
      rows.map((row) => row.frame),
      rows.map((row) => row.visit),
      rows.map((row) => row.status),
      rows.map((row) => row.attempts),
      rows.map((row) => row.enteredAt),
      rows.map((row) => row.exitedAt),
      rows.map((row) => jsonColumn(row.input)),
      rows.map((row) => jsonColumn(row.output)),
      rows.map((row) => textColumn(row.error)),
      rows.map((row) => textColumn(row.cause)),
    ],
  );
};

/** Versions never change, so a repeat has nothing to write. */
export const upsertWorkflows = async (sql: SqlTransaction, rows: readonly WorkflowRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO workflows (tenant, id, name, version, hash, states, registered_at, definition)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::text[], $8::json[])
     ON CONFLICT (tenant, name, version) DO NOTHING`,
    [
      rows.map((row) => row.tenant),
      rows.map((row) => row.id),
      rows.map((row) => textColumn(row.name)),
      rows.map((row) => row.version),
      rows.map((row) => row.hash),
      rows.map((row) => row.states),
      rows.map((row) => row.registeredAt),
      rows.map((row) => jsonColumn(row.definition)),
    ],
  );
};
