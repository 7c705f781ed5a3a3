import { assertNever, type DeliveryId, type DeliveryRequest, type ExecutionEvent } from '@throughline/contracts';
import type { ExecutionCommandRecord } from '../decider.ts';
import { type Deliveries, type Delivery, deliveryOf, NO_DELIVERIES } from './delivery-state.ts';

type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;
export type DeliveryEvent = EventOf<
  'DeliveryScheduled' | 'DeliveryAttemptStarted' | 'DeliveryAttemptFailed' | 'DeliverySucceeded' | 'DeliveryFailed'
>;

export const deliveriesAsked = (asked: DeliveryRequest | undefined): Deliveries | null =>
  asked === undefined ? null : { ...NO_DELIVERIES, asked };

/** `place` is that of the event on the log. */
export const evolveDeliveries = (
  deliveries: Deliveries | null,
  event: DeliveryEvent,
  command: ExecutionCommandRecord,
  place: DeliveryId,
): Deliveries => {
  const before = deliveries ?? NO_DELIVERIES;
  if (event.type === 'DeliveryScheduled')
    return { ...before, list: [...before.list, scheduled(event, command, place)] };
  const changed = after(mustDelivery(before, event.delivery), event, command);
  return { ...before, list: before.list.map((delivery) => (delivery.id === changed.id ? changed : delivery)) };
};

const scheduled = (
  { target, policy, idempotencyKey }: EventOf<'DeliveryScheduled'>,
  command: ExecutionCommandRecord,
  id: DeliveryId,
): Delivery => ({
  id,
  target,
  policy,
  idempotencyKey,
  scheduledAt: command.at,
  firstAttempt: 1,
  phase: { kind: 'open', attempt: 1, since: command.at },
  failure: null,
  traceparent: command.traceparent ?? null,
});

const mustDelivery = (deliveries: Deliveries, id: DeliveryId): Delivery => {
  const delivery = deliveryOf(deliveries, id);
  if (!delivery) throw new Error(`there is no delivery ${id}`);
  return delivery;
};

const after = (
  delivery: Delivery,
  event: Exclude<DeliveryEvent, { type: 'DeliveryScheduled' }>,
  command: ExecutionCommandRecord,
): Delivery => {
  switch (event.type) {
    case 'DeliveryAttemptStarted': {
      const { attempt } = event;
      const phase = { kind: 'open', attempt, since: command.at } as const;
      return { ...delivery, phase, ...(event.manual ? { firstAttempt: attempt } : {}) };
    }
    case 'DeliveryAttemptFailed': {
      const { attempt, timer, nextAttemptAt } = event;
      const phase = { kind: 'waiting', attempt, timer, until: nextAttemptAt } as const;
      return { ...delivery, phase, failure: failureIn(command) };
    }
    case 'DeliverySucceeded': {
      const answer = command.type === 'CompleteDelivery' ? command.body.answer : '';
      return { ...delivery, phase: { kind: 'delivered', attempt: event.attempt, at: command.at, answer } };
    }
    case 'DeliveryFailed':
      return {
        ...delivery,
        phase: { kind: 'failed', attempt: event.attempt, at: command.at },
        failure: failureIn(command),
      };
    default:
      return assertNever(event);
  }
};

const failureIn = (command: ExecutionCommandRecord): NonNullable<Delivery['failure']> => {
  if (command.type !== 'FailDelivery') throw new Error(`a delivery failed by a ${command.type}`);
  const { error, cause } = command.body;
  return { error, cause, at: command.at };
};
