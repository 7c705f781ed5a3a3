import type { EventLog } from '@throughline/event-log';
import {
  ExecutionFolds,
  type ProjectedRecord,
  type Projection,
  type ReadModel,
  schemaOf,
  type SqlTransaction,
} from '@throughline/projections';
import { noChanges, takeExecution, takeWorkflow } from './rows.ts';
import { upsertExecutions, upsertSteps, upsertWorkflows } from './upserts.ts';

/** Lists and lookups of executions, their state visits, and workflows. */
export const orchestratorReadModel: ReadModel = {
  service: 'orchestrator',
  schema: schemaOf('orchestrator'),
  createProjection: (log: EventLog) => new OrchestratorProjection(log),
};

class OrchestratorProjection implements Projection {
  readonly schema = schemaOf('orchestrator');
  private readonly folds: ExecutionFolds;

  constructor(log: EventLog) {
    this.folds = new ExecutionFolds(log);
  }

  async apply(batch: readonly ProjectedRecord[], sql: SqlTransaction): Promise<void> {
    const changes = noChanges();
    for (const record of batch) {
      switch (record.commit.aggregate) {
        case 'execution':
          this.folds.after(record, takeExecution(changes, record, await this.folds.before(record)));
          break;
        case 'workflow':
          takeWorkflow(changes, record);
          break;
        case 'replay':
        case 'tenant':
          break;
      }
    }
    await upsertExecutions(sql, [...changes.executions.values()]);
    await upsertSteps(sql, [...changes.steps.values()]);
    await upsertWorkflows(sql, changes.workflows);
  }
}
