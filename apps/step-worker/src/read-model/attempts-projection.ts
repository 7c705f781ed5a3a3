import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { EventLog } from '@throughline/event-log';
import type { ExecutionState } from '@throughline/execution';
import {
  type AggregateFolds,
  executionFolds,
  type ProjectedRecord,
  type Projection,
  type ProjectionBounds,
  type ReadModel,
  RECORDS_PER_TURN,
  schemaOf,
  type SqlTransaction,
  type WriteRows,
} from '@throughline/projections';
import {
  type AttemptChange,
  attemptChanges,
  type AttemptEnd,
  type AttemptStart,
  type PureAnswer,
  type ScheduledAttempt,
} from './attempt-changes.ts';

const SERVICE = 'step-worker';
const SCHEMA = schemaOf(SERVICE);

interface BatchChanges {
  readonly scheduled: ScheduledAttempt[];
  readonly submitted: AttemptStart[];
  readonly ended: AttemptEnd[];
  readonly pureAnswers: PureAnswer[];
}

const take = (changes: BatchChanges, change: AttemptChange): void => {
  switch (change.kind) {
    case 'scheduled':
      changes.scheduled.push(change.row);
      return;
    case 'submitted':
      changes.submitted.push(change.row);
      return;
    case 'ended':
      changes.ended.push(change.row);
      if (change.pureAnswer) changes.pureAnswers.push(change.pureAnswer);
  }
};

/** Fills `step_attempts` and `pure_answers` from the execution commits of the log. */
class AttemptsProjection implements Projection {
  readonly schema = SCHEMA;
  private readonly folds: AggregateFolds<ExecutionState>;

  constructor(log: EventLog, bounds: ProjectionBounds = {}) {
    this.folds = executionFolds(log, bounds.statesMax);
  }

  follow(records: readonly ProjectedRecord[]): void {
    this.folds.follow(records);
  }

  async prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows> {
    await this.folds.warm(batch);
    const changes: BatchChanges = { scheduled: [], submitted: [], ended: [], pureAnswers: [] };
    for (const [index, record] of batch.entries()) {
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await turnOfOthers();
      if (record.commit.aggregate !== 'execution') continue;
      const taken = attemptChanges(await this.folds.before(record), record);
      this.folds.keepAfter(record, taken.after);
      for (const change of taken.changes) take(changes, change);
    }
    return async (sql) => {
      // In the order of an attempt's life: one that began and ended in one batch is there when its end is written.
      await insertScheduled(changes.scheduled, sql);
      await updateSubmitted(changes.submitted, sql);
      await updateEnded(changes.ended, sql);
      await upsertPureAnswers(changes.pureAnswers, sql);
    };
  }
}

export const attemptsReadModel: ReadModel = {
  service: SERVICE,
  schema: SCHEMA,
  // An answer may be another execution's too, so it is known only with the whole log.
  rowsAsOf: { step_attempts: { aggregate: 'execution', id: 'execution_id' } },
  createProjection: (log, bounds) => new AttemptsProjection(log, bounds),
};

const columns = <R extends object>(rows: readonly R[], ...names: readonly (keyof R)[]): unknown[][] =>
  names.map((name) => rows.map((row) => row[name]));

const insertScheduled = async (rows: readonly ScheduledAttempt[], sql: SqlTransaction): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO step_attempts (tenant, execution_id, token, version, event_index, state, frame, visit, attempt, queue,
       handler, effect_class, idempotency_key, request, request_hash, scheduled_at, status)
     SELECT *, 'scheduled' FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::text[], $7::text[],
       $8::int[], $9::int[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[])
     ON CONFLICT DO NOTHING`,
    columns(
      rows,
      'tenant',
      'executionId',
      'token',
      'version',
      'eventIndex',
      'state',
      'frame',
      'visit',
      'attempt',
      'queue',
      'handler',
      'effectClass',
      'idempotencyKey',
      'request',
      'requestHash',
      'scheduledAt',
    ),
  );
};

/** Not of an attempt that has ended, which a batch that is applied again may hold: its end has said the last word. */
const updateSubmitted = async (rows: readonly AttemptStart[], sql: SqlTransaction): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `UPDATE step_attempts a SET effect_class = s.effect_class, worker = s.worker, started_at = s.started_at
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
       AS s(tenant, execution_id, token, effect_class, worker, started_at)
     WHERE a.tenant = s.tenant AND a.execution_id = s.execution_id AND a.token = s.token AND a.finished_at IS NULL`,
    columns(rows, 'tenant', 'executionId', 'token', 'effectClass', 'worker', 'startedAt'),
  );
};

const updateEnded = async (rows: readonly AttemptEnd[], sql: SqlTransaction): Promise<void> => {
  if (rows.length === 0) return;
  await sql.query(
    `UPDATE step_attempts a SET status = e.status, response = e.response, response_hash = e.response_hash,
       error = e.error, cause = e.cause, finished_at = e.finished_at,
       effect_class = coalesce(e.effect_class, a.effect_class),
       request_hash = CASE WHEN e.effect_class IS NULL THEN a.request_hash ELSE e.request_hash END,
       worker = coalesce(e.worker, a.worker), started_at = coalesce(e.started_at, a.started_at)
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
       AS e(tenant, execution_id, token, status, response, response_hash, error, cause, effect_class, request_hash, worker,
            started_at, finished_at)
     WHERE a.tenant = e.tenant AND a.execution_id = e.execution_id AND a.token = e.token`,
    columns(
      rows,
      'tenant',
      'executionId',
      'token',
      'status',
      'response',
      'responseHash',
      'error',
      'cause',
      'effectClass',
      'requestHash',
      'worker',
      'startedAt',
      'finishedAt',
    ),
  );
};

/** The first answer on the log stays; a later one that differs only marks it. So any batch size gives the same rows. */
const upsertPureAnswers = async (answers: readonly PureAnswer[], sql: SqlTransaction): Promise<void> => {
  if (answers.length === 0) return;
  const byRequest = new Map<string, PureAnswer & { diverged: boolean }>();
  for (const answer of answers) {
    const key = [answer.tenant, answer.queue, answer.handler, answer.requestHash].join(' ');
    const first = byRequest.get(key);
    if (!first) byRequest.set(key, { ...answer, diverged: false });
    else if (first.responseHash !== answer.responseHash) first.diverged = true;
  }
  await sql.query(
    `INSERT INTO pure_answers AS known (tenant, queue, handler, request_hash, response_hash, diverged)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[])
     ON CONFLICT (tenant, queue, handler, request_hash) DO UPDATE SET diverged = true
     WHERE NOT known.diverged AND (excluded.diverged OR known.response_hash <> excluded.response_hash)`,
    columns([...byRequest.values()], 'tenant', 'queue', 'handler', 'requestHash', 'responseHash', 'diverged'),
  );
};
