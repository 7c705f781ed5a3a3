import type { DeliveryTarget, DeliveryTask } from '@throughline/contracts';
import { handOver, type NatsConnection } from '@throughline/event-log/jetstream';
import { delivered, DELIVERY_ERRORS, type DeliveryOutcome, failed } from './delivery-outcome.ts';

const TIMEOUT_MS = 5_000;

/**
 * Publishes the result below the tenant's own prefix, wherever a definition wants it: this process may publish to any
 * subject, commands of the engine among them, and its callers may not.
 */
export const deliverNats = async (
  task: DeliveryTask,
  target: Extract<DeliveryTarget, { type: 'nats' }>,
  { nc, prefix }: { readonly nc: NatsConnection; readonly prefix: string },
): Promise<DeliveryOutcome> => {
  const subject = `${prefix}.${task.tenant}.${target.subject}`;
  const handed = await handOver(nc, subject, JSON.stringify(task.result), {
    timeoutMs: TIMEOUT_MS,
    // Within its window a stream stores a repeat once.
    msgId: task.idempotencyKey,
    headers: {
      'Idempotency-Key': task.idempotencyKey,
      'Throughline-Execution': task.executionId,
      'Throughline-Attempt': String(task.attempt),
      ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
    },
  });
  return handed.kind === 'acknowledged'
    ? delivered(handed.answer === '' ? 'acknowledged' : handed.answer)
    : failed(DELIVERY_ERRORS.notAcknowledged, handed.problem);
};
