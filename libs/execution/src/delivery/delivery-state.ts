import type {
  DeliveryId,
  DeliveryPolicy,
  DeliveryRequest,
  DeliveryStateName,
  DeliveryTarget,
  Instant,
  TimerId,
} from '@throughline/contracts';

/** Where one delivery stands. `attempt` is the latest, counted from 1, those asked for by hand included. */
export type DeliveryPhase =
  | { readonly kind: 'open'; readonly attempt: number; readonly since: Instant }
  | { readonly kind: 'waiting'; readonly attempt: number; readonly timer: TimerId; readonly until: Instant }
  | { readonly kind: 'delivered'; readonly attempt: number; readonly at: Instant; readonly answer: string }
  | { readonly kind: 'failed'; readonly attempt: number; readonly at: Instant };

/** The result of an execution on its way to one target. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly target: DeliveryTarget;
  readonly policy: DeliveryPolicy;
  readonly idempotencyKey: string;
  readonly scheduledAt: Instant;
  /** The attempt that the policy counts from: 1, or the one that was asked for by hand. */
  readonly firstAttempt: number;
  readonly phase: DeliveryPhase;
  /** Of the latest attempt that failed. */
  readonly failure: { readonly error: string; readonly cause: string; readonly at: Instant } | null;
  readonly traceparent: string | null;
}

/** Of an execution whose start asks for delivery, or that has delivered something. */
export interface Deliveries {
  readonly asked: DeliveryRequest | null;
  /** In the order scheduled; of the latest end only. */
  readonly list: readonly Delivery[];
}

export const NO_DELIVERIES: Deliveries = { asked: null, list: [] };

export const deliveryOf = (deliveries: Deliveries | null, id: DeliveryId): Delivery | undefined =>
  deliveries?.list.find((delivery) => delivery.id === id);

export const isPending = ({ phase }: Delivery): boolean => phase.kind === 'open' || phase.kind === 'waiting';

/** Of all deliveries together; null where there is none. One that has failed shows once no other is under way. */
export const deliveryStateOf = (deliveries: Deliveries | null): DeliveryStateName | null => {
  const list = deliveries?.list ?? [];
  if (list.length === 0) return null;
  if (list.some(isPending)) return 'pending';
  return list.some(({ phase }) => phase.kind === 'failed') ? 'failed' : 'delivered';
};
