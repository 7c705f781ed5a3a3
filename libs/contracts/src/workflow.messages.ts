import { z } from 'zod';
import { workflowNameSchema } from './names.ts';
import { sha256Schema } from './ids.ts';
import { jsonSchema } from './json.ts';

/** Commands and events of the `workflow` aggregate: the versions of one state machine. */
export const registerWorkflowSchema = z.strictObject({ name: workflowNameSchema, definition: jsonSchema });
export const workflowCommandBodies = { RegisterWorkflow: registerWorkflowSchema } as const;

export const workflowEventSchema = z.discriminatedUnion('type', [
  /** The definition itself is the causing command's `definition`. */
  z.strictObject({
    type: z.literal('WorkflowRegistered'),
    version: z.int().positive(),
    /** sha256 of the definition's RFC 8785 form. Registering an equal definition again answers with the version that has it. */
    hash: sha256Schema,
  }),
]);
export type WorkflowEvent = z.infer<typeof workflowEventSchema>;
