import { z } from 'zod';
import {
  annotateExecutionSchema,
  CANCEL_GRACE_MS_MAX,
  pauseExecutionSchema,
  redriveExecutionSchema,
  resumeExecutionSchema,
  retryExecutionSchema,
  signalNameSchema,
  terminateExecutionSchema,
} from '../control.commands.ts';
import { jsonSchema } from '../json.ts';
import { pendingStepSchema } from '../run-state.views.ts';
import { executionViewSchema } from '../views.ts';
import { idParams, route } from './route.ts';

const control = <const N extends string, const B extends z.ZodType>(name: N, summary: string, body: B) =>
  route({
    service: 'orchestrator',
    method: 'POST',
    path: `/api/v1/executions/:id/${name}`,
    permission: 'executions:control',
    summary,
    status: 200,
    params: idParams,
    body,
    response: executionViewSchema,
  });

export const controlRoutes = {
  pauseExecution: control(
    'pause',
    'Pause: running steps finish and are recorded, nothing new starts, timers stand still',
    pauseExecutionSchema,
  ),
  resumeExecution: route({
    ...control(
      'resume',
      'Resume after a pause or review, or from where a failed execution stood',
      resumeExecutionSchema,
    ),
    response: z.strictObject({
      execution: executionViewSchema,
      /** What it goes on with: what had failed first, then what had not been done. */
      pendingSteps: z.array(pendingStepSchema),
    }),
  }),
  retryExecution: control('retry', 'Run the failed step again, under the same idempotency key', retryExecutionSchema),
  redriveExecution: control('redrive', 'RedriveExecution: go on from what did not succeed', redriveExecutionSchema),
  cancelExecution: control(
    'cancel',
    'Cancel: running handlers are told and may end within the grace; their results are refused after it',
    z.strictObject({
      reason: z.string().max(1_024).optional(),
      /** Absent: as long as the execution's timeout policy says, or 10 s. */
      graceMs: z.int().nonnegative().max(CANCEL_GRACE_MS_MAX).optional(),
    }),
  ),
  terminateExecution: control('terminate', 'StopExecution: end at once', terminateExecutionSchema),
  signalExecution: control(
    'signal',
    'Send a named signal: the state that waits for it takes it, or the next that will',
    z.strictObject({ name: signalNameSchema, payload: jsonSchema.optional() }),
  ),
  annotateExecution: control('annotate', 'Note attributes and labels, also after the end', annotateExecutionSchema),
} as const;
