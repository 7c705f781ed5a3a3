import type { FastifyInstance } from 'fastify';
import { paymentService } from './payment.ts';

describe('an example service', () => {
  let server: FastifyInstance;
  let url: string;
  beforeEach(async () => {
    server = paymentService();
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(() => server.close());

  const charge = (key: string, behaviour: Record<string, unknown> = {}, signal?: AbortSignal) =>
    fetch(`${url}/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ orderId: 'order-1', card: 'visa', amountCents: 100, behaviour }),
      ...(signal ? { signal } : {}),
    });
  const ledger = async (): Promise<unknown[]> => {
    const { effects } = (await (await fetch(`${url}/ledger`)).json()) as { effects: unknown[] };
    return effects;
  };

  it('makes one effect per idempotency key and answers a repeat with the same id', async () => {
    const first = await charge('a');
    const again = await charge('a');
    const other = await charge('b');
    expect([first.status, again.status, other.status]).toEqual([201, 200, 201]);
    expect(await first.json()).toEqual(await again.json());
    expect(await ledger()).toMatchObject([{ idempotencyKey: 'a' }, { idempotencyKey: 'b' }]);
  });

  it('fails as often as asked, by key, without an effect', async () => {
    const behaviour = { failFirst: 2, failWith: 429 };
    const statuses = [];
    for (let request = 0; request < 3; request += 1) statuses.push((await charge('a', behaviour)).status);
    expect(statuses).toEqual([429, 429, 201]);
    expect(await ledger()).toHaveLength(1);
  });

  it('hangs when asked, and still closes', async () => {
    await expect(charge('a', { failFirst: 1, failWith: 'hang' }, AbortSignal.timeout(100))).rejects.toThrow();
    expect(await ledger()).toEqual([]);
    void charge('b', { failFirst: 1, failWith: 'hang' }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close();
  });

  it('refuses a body that it cannot act on, and a request without a key', async () => {
    expect((await charge('a', { failFirst: -1 })).status).toBe(422);
    expect((await fetch(`${url}/charges`, { method: 'POST' })).status).toBe(400);
  });
});
