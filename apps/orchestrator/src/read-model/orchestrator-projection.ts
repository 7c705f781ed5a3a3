import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { EventLog } from '@throughline/event-log';
import type { ExecutionState, LockState, ScheduleState } from '@throughline/execution';
import {
  AggregateFolds,
  executionFolds,
  type ProjectedRecord,
  type Projection,
  type ProjectionBounds,
  type ReadModel,
  RECORDS_PER_TURN,
  schemaOf,
  type WriteRows,
} from '@throughline/projections';
import { writeControl } from './control-rows.ts';
import { noChanges, takeExecution, takeWorkflow } from './rows.ts';
import { type LockRow, lockRow, upsertLocks } from './lock-rows.ts';
import { type ScheduleRow, scheduleRow, upsertSchedules } from './schedule-rows.ts';
import { upsertExecutions, upsertSteps, upsertWorkflows } from './upserts.ts';

/** Lists and lookups of executions, their state visits, and workflows. */
export const orchestratorReadModel: ReadModel = {
  service: 'orchestrator',
  schema: schemaOf('orchestrator'),
  rowsAsOf: {
    executions: { aggregate: 'execution', id: 'id' },
    steps: { aggregate: 'execution', id: 'execution_id' },
    execution_tags: { aggregate: 'execution', id: 'execution_id' },
    approvals: { aggregate: 'execution', id: 'execution_id' },
    workflows: { aggregate: 'workflow', id: 'id' },
    schedules: { aggregate: 'schedule', id: 'id' },
    locks: { aggregate: 'lock', id: 'id' },
  },
  createProjection: (log, bounds) => new OrchestratorProjection(log, bounds),
};

class OrchestratorProjection implements Projection {
  readonly schema = schemaOf('orchestrator');
  private readonly folds: AggregateFolds<ExecutionState>;
  private readonly schedules: AggregateFolds<ScheduleState>;
  private readonly locks: AggregateFolds<LockState>;

  constructor(log: EventLog, bounds: ProjectionBounds = {}) {
    this.folds = executionFolds(log, bounds.statesMax);
    this.schedules = new AggregateFolds(log, 'schedule');
    this.locks = new AggregateFolds(log, 'lock');
  }

  follow(records: readonly ProjectedRecord[]): void {
    for (const folds of [this.folds, this.schedules, this.locks]) folds.follow(records);
  }

  async prepare(batch: readonly ProjectedRecord[]): Promise<WriteRows> {
    for (const folds of [this.folds, this.schedules, this.locks]) await folds.warm(batch);
    const changes = noChanges();
    const schedules = new Map<string, ScheduleRow>();
    const locks = new Map<string, LockRow>();
    for (const [index, record] of batch.entries()) {
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await turnOfOthers();
      switch (record.commit.aggregate) {
        case 'execution':
          this.folds.keepAfter(record, takeExecution(changes, record, await this.folds.before(record)));
          break;
        case 'workflow':
          takeWorkflow(changes, record);
          break;
        case 'schedule': {
          const row = scheduleRow(await this.schedules.after(record));
          if (row) schedules.set(`${row.tenant}/${row.id}`, row);
          break;
        }
        case 'lock': {
          const row = lockRow(await this.locks.after(record));
          if (row) locks.set(`${row.tenant}/${row.id}`, row);
          break;
        }
        case 'replay':
        case 'tenant':
          break;
      }
    }
    return async (sql) => {
      await upsertExecutions(sql, [...changes.executions.values()]);
      await upsertSteps(sql, [...changes.steps.values()]);
      await writeControl(sql, changes.control);
      await upsertWorkflows(sql, changes.workflows);
      await upsertSchedules(sql, [...schedules.values()]);
      await upsertLocks(sql, [...locks.values()]);
    };
  }
}
