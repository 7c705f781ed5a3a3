import {
  type DeliveryEnd,
  DELIVERY_ENDS,
  type DeliveryId,
  type DeliveryTask,
  type deliveredResultSchema,
  type Json,
} from '@throughline/contracts';
import type { z } from 'zod';
import { executionIdOf, type ExecutionState } from '../execution-state.ts';
import { canonicalHash } from '../hashes.ts';
import { isLastAttempt } from './decide-delivery.ts';
import { type Delivery, deliveryOf } from './delivery-state.ts';

export interface DeliveryEffect {
  readonly kind: 'delivery';
  readonly id: string;
  readonly task: DeliveryTask;
}
type DeliveredResult = z.infer<typeof deliveredResultSchema>;

/** The task of an attempt, where the state still awaits it. */
export const attemptAtDelivery = (
  state: ExecutionState,
  id: DeliveryId,
  attempt: number,
): readonly DeliveryEffect[] => {
  const delivery = deliveryOf(state.delivery, id);
  return delivery?.phase.kind === 'open' && delivery.phase.attempt === attempt ? [effectOf(state, delivery)] : [];
};

/** Of every delivery whose attempt is under way. */
export const awaitedDeliveries = (state: ExecutionState): readonly DeliveryEffect[] =>
  (state.delivery?.list ?? [])
    .filter(({ phase }) => phase.kind === 'open')
    .map((delivery) => effectOf(state, delivery));

const effectOf = (state: ExecutionState, delivery: Delivery): DeliveryEffect => {
  const { ref } = state;
  const { attempt } = delivery.phase;
  return {
    kind: 'delivery',
    id: `${ref.tenant}.${ref.aggregateId}.delivery.${delivery.id}.${attempt}`,
    task: {
      v: 1,
      tenant: ref.tenant,
      executionId: executionIdOf(ref),
      delivery: delivery.id,
      attempt,
      lastAttempt: isLastAttempt(delivery),
      target: delivery.target,
      result: resultOf(state),
      idempotencyKey: delivery.idempotencyKey,
      scheduledAt: delivery.phase.kind === 'open' ? delivery.phase.since : delivery.scheduledAt,
      correlationId: state.correlationId,
      ...(delivery.traceparent === null ? {} : { traceparent: delivery.traceparent }),
    },
  };
};

const endOf = (status: ExecutionState['status']): DeliveryEnd | undefined =>
  DELIVERY_ENDS.find((end) => end === status);

/** The whole body that a receiver gets, the same for every attempt. */
export const resultOf = (state: ExecutionState): DeliveredResult => {
  const { start, end, ref } = state;
  const status = endOf(state.status);
  if (!start || !end || !status) throw new Error(`execution ${ref.aggregateId} has no result to deliver`);
  const said = {
    executionId: executionIdOf(ref),
    workflow: { name: start.workflow.name, version: start.workflow.version },
    status,
    ...(end.output === undefined ? {} : { output: end.output }),
    ...(end.error === undefined ? {} : { error: end.error }),
    ...(end.cause === undefined ? {} : { cause: end.cause }),
    correlationId: state.correlationId,
    ...(start.runId === null ? {} : { runId: start.runId }),
    labels: start.labels,
    startedAt: start.startedAt,
    endedAt: end.at,
  };
  return { ...said, contentHash: canonicalHash(said satisfies Json) };
};
