import { auditReadModel } from '@throughline/audit-service/read-model';
import { orchestratorReadModel } from '@throughline/orchestrator/read-model';
import type { ReadModel } from '@throughline/projections';

/** Whose projections run in the simulation; the first one tells the reconcilers where to look. */
export const READ_MODELS: readonly ReadModel[] = [orchestratorReadModel, auditReadModel];
