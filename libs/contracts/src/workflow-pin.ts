import { z } from 'zod';
import { sha256Schema } from './ids.ts';

/** The version of a workflow that an execution runs on. */
export const workflowPinSchema = z.strictObject({
  name: z.string(),
  version: z.int().positive(),
  hash: sha256Schema,
  /** Number of states in the definition: what progress is measured against. */
  states: z.int().positive(),
});
export type WorkflowPin = z.infer<typeof workflowPinSchema>;
