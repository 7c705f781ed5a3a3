import type { Behaviour } from './services/behaviour.ts';

/** The input of the machine. */
export interface Order {
  readonly orderId: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly unitCents: number }[];
  readonly card: string;
  readonly country: string;
  readonly express: boolean;
  readonly packingSeconds: number;
  readonly behaviour: { readonly inventory: Behaviour; readonly payment: Behaviour; readonly shipping: Behaviour };
}

/** How an order must end, state by state: attempts per Task that must have run, and nothing else ran. */
export interface Expectation {
  readonly status: 'succeeded' | 'failed';
  readonly error: string | null;
  readonly attempts: Readonly<Record<string, number>>;
}

export interface ExampleOrder {
  readonly title: string;
  readonly order: Order;
  readonly expected: Expectation;
}

const ONCE = { PriceOrder: 1, ReserveInventory: 1, ChargePayment: 1, ShipOrder: 1 };

const order = (orderId: string, given: Partial<Order>): Order => ({
  orderId,
  items: [
    { sku: 'kettle', quantity: 1, unitCents: 4_900 },
    { sku: 'cup', quantity: 4, unitCents: 750 },
  ],
  card: 'card-visa-1',
  country: 'DE',
  express: false,
  packingSeconds: 1,
  behaviour: { inventory: {}, payment: {}, shipping: {} },
  ...given,
});

/** `run` goes into the order ids: the services' ledgers tell one run from the other. */
export const exampleOrders = (run: string): readonly ExampleOrder[] => [
  {
    title: 'succeeds',
    order: order(`${run}-1`, {}),
    expected: { status: 'succeeded', error: null, attempts: ONCE },
  },
  {
    title: 'payment fails twice, then succeeds',
    order: order(`${run}-2`, {
      express: true,
      behaviour: { inventory: { slowMs: 200 }, payment: { failFirst: 2, failWith: 500 }, shipping: {} },
    }),
    expected: { status: 'succeeded', error: null, attempts: { ...ONCE, ChargePayment: 3 } },
  },
  {
    title: 'cannot be shipped: refund and release',
    order: order(`${run}-3`, {
      country: 'FR',
      behaviour: { inventory: {}, payment: {}, shipping: { failFirst: 1_000, failWith: 422 } },
    }),
    expected: {
      status: 'failed',
      error: 'Order.Compensated',
      attempts: { ...ONCE, RefundPayment: 1, ReleaseInventory: 1 },
    },
  },
];
