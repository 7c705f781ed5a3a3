import {
  type CorrelationId,
  type ExecutionView,
  type Json,
  type StartExecution,
  type startExecutionRequestSchema,
} from '@throughline/contracts';
import type { z } from 'zod';

/**
 * What a start over HTTP commands. A child joins its parent's lineage and correlation unless it names a correlation of
 * its own; then the one that came with the request's baggage counts.
 */
export const startBody = (
  workflow: string,
  input: Json,
  request: z.output<typeof startExecutionRequestSchema>,
  parent: ExecutionView | undefined,
  fromBaggage: CorrelationId | undefined,
): StartExecution => {
  const correlationId = request.correlationId ?? parent?.correlationId ?? fromBaggage;
  return {
    workflow,
    ...(request.version === undefined ? {} : { version: request.version }),
    input,
    trigger: request.trigger ?? (parent ? 'child' : 'manual'),
    ...(parent ? { parentExecutionId: parent.id, rootExecutionId: parent.rootExecutionId } : {}),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(request.runId === undefined ? {} : { runId: request.runId }),
    ...(request.idempotencyKey === undefined ? {} : { idempotencyKey: request.idempotencyKey }),
    ...(request.labels === undefined ? {} : { labels: request.labels }),
    ...(request.sla === undefined ? {} : { sla: request.sla }),
    ...(request.mode === undefined ? {} : { mode: request.mode }),
    ...(request.priority === undefined ? {} : { priority: request.priority }),
    ...(request.preflight === undefined ? {} : { preflight: request.preflight }),
    ...(request.attributes === undefined ? {} : { attributes: request.attributes }),
    ...(request.until === undefined ? {} : { until: request.until }),
    ...(request.notBefore === undefined ? {} : { notBefore: request.notBefore }),
    ...(request.delivery === undefined ? {} : { delivery: request.delivery }),
  };
};
