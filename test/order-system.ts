import { fileURLToPath } from 'node:url';
import { type ThroughlineClient, createClient } from '@throughline/client';
import type { ExecutionView } from '@throughline/contracts';
import { connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import { exampleOrders, type ExampleOrder, orderFulfilment, WORKFLOW } from '@throughline/order-fulfilment';
import { startTestSystem, type TestSystem } from '@throughline/testkit';
import { checkLog, expectNoViolation } from '@throughline/testkit/checker';

const HANDLERS = fileURLToPath(new URL('../examples/order-fulfilment/dist/handlers.js', import.meta.url));

export interface StartedOrder {
  readonly example: ExampleOrder;
  readonly id: string;
}

/** The whole system as processes, with the example's services and machine: what a newcomer's `npm start` runs. */
export class OrderSystem {
  readonly system: TestSystem;
  readonly client: ThroughlineClient;
  readonly nc: NatsConnection;

  private constructor(system: TestSystem, nc: NatsConnection) {
    this.system = system;
    this.nc = nc;
    this.client = createClient({ url: system.frontUrl, apiKey: system.apiKey });
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<OrderSystem> {
    const system = await startTestSystem({ example: 'order-fulfilment', handlers: [HANDLERS], env });
    const orders = new OrderSystem(system, await connectNats({ url: system.natsUrl, name: 'spec' }));
    const { inventory, payment, shipping } = system.exampleUrls;
    await orders.client.registerWorkflow({
      name: WORKFLOW,
      // The cast states what the machine is: JSON read from a file.
      definition: orderFulfilment({ inventoryUrl: inventory, paymentUrl: payment, shippingUrl: shipping }) as never,
    });
    return orders;
  }

  async remove(): Promise<void> {
    await this.nc.close();
    await this.system.remove();
  }

  /** Starts the three example orders; resolves when their starts are acknowledged. */
  startOrders(run: string): Promise<readonly StartedOrder[]> {
    return Promise.all(
      exampleOrders(run).map(async (example) => {
        // The cast states that an order is JSON.
        const started = await this.client.start(WORKFLOW, { input: example.order as never });
        return { example, id: started.id };
      }),
    );
  }

  /** Waits for the ends; fails unless each order ended as its example says, with a verdict of 100 % and an intact audit. */
  async expectRightEnds(orders: readonly StartedOrder[]): Promise<readonly ExecutionView[]> {
    const ends: ExecutionView[] = [];
    for (const { example, id } of orders) {
      const end = await this.client.wait(id, { timeoutMs: 90_000 });
      expect({ id, status: end.status, error: end.error }).toEqual({
        id,
        status: example.expected.status,
        error: example.expected.error,
      });
      const { result } = await this.client.replay(id);
      expect({ id, verdict: result.verdict, match: result.matchPercent }).toEqual({
        id,
        verdict: 'identical',
        match: 100,
      });
      ends.push(end);
    }
    return ends;
  }

  /** Every acknowledged order has its end on the log, and no step visit has two results that count. */
  async expectNothingLostOrDoubled(orders: readonly StartedOrder[]): Promise<void> {
    const acknowledged = orders.map(({ id }) => ({ kind: 'start' as const, tenant: 'default', executionId: id }));
    const { table, books } = await checkLog(this.nc, { acknowledged });
    expect(orders.map(({ id }) => id).filter((id) => books.find('default', id)?.ended === undefined)).toEqual([]);
    expectNoViolation(table.report());
  }
}
