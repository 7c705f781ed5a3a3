import { assertNever, type DeliveryView } from '@throughline/contracts';
import { executionIdOf, type ExecutionState } from '../execution-state.ts';
import { type Delivery, deliveryStateOf } from './delivery-state.ts';

export const deliveryViewOf = (state: ExecutionState): DeliveryView => ({
  executionId: executionIdOf(state.ref),
  state: deliveryStateOf(state.delivery),
  deliveries: (state.delivery?.list ?? []).map(viewOf),
});

const viewOf = (delivery: Delivery): DeliveryView['deliveries'][number] => ({
  id: delivery.id,
  target: delivery.target,
  attempts: delivery.phase.attempt,
  maxAttempts: delivery.policy.maxAttempts,
  scheduledAt: delivery.scheduledAt,
  ...standingOf(delivery.phase),
  error: delivery.failure?.error ?? null,
  cause: delivery.failure?.cause ?? null,
  idempotencyKey: delivery.idempotencyKey,
});

type Standing = Pick<DeliveryView['deliveries'][number], 'state' | 'nextAttemptAt' | 'settledAt' | 'answer'>;

const NOTHING_YET = { nextAttemptAt: null, settledAt: null, answer: null } as const;

const standingOf = (phase: Delivery['phase']): Standing => {
  switch (phase.kind) {
    case 'open':
      return { state: 'pending', ...NOTHING_YET };
    case 'waiting':
      return { state: 'pending', ...NOTHING_YET, nextAttemptAt: phase.until };
    case 'delivered':
      return { state: 'delivered', ...NOTHING_YET, settledAt: phase.at, answer: phase.answer };
    case 'failed':
      return { state: 'failed', ...NOTHING_YET, settledAt: phase.at };
    default:
      return assertNever(phase);
  }
};
