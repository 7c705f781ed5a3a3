import {
  aggregateIdSchema,
  type AggregateRef,
  SUBJECT_TOKEN,
  type Tenant,
  type WorkflowId,
} from '@throughline/contracts';
import { sha256Hex } from '../hashes.ts';

/**
 * The aggregate id of a workflow name: the name itself where it can stand in a subject, else a hash of it. A name that
 * looks like another one's hash is refused on registration (TL0111).
 */
export const workflowIdOf = (name: string): WorkflowId =>
  // Both forms are subject tokens.
  (SUBJECT_TOKEN.test(name) ? name : `h-${sha256Hex(name).slice(0, 40)}`) as WorkflowId;

/** The aggregate of a workflow name. */
export const workflowRef = (tenant: Tenant, name: string): AggregateRef => ({
  tenant,
  aggregate: 'workflow',
  aggregateId: aggregateIdSchema.parse(workflowIdOf(name)),
});
