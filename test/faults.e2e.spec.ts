import { jest } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { SERVICES, STREAMS } from '@throughline/contracts';
import { OrderSystem, type StartedOrder } from './order-system.ts';

jest.setTimeout(300_000);

describe('faults while orders run', () => {
  let orders: OrderSystem;
  const all: StartedOrder[] = [];

  beforeAll(async () => {
    orders = await OrderSystem.start({ THROUGHLINE_STANDING_STILL_SECONDS: '3' });
  });
  afterAll(() => orders?.remove());

  const startOrders = async (run: string): Promise<readonly StartedOrder[]> => {
    const started = await orders.startOrders(run);
    all.push(...started);
    return started;
  };
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  test.each(SERVICES)('kill -9 of %s while orders run: all end right', async (service) => {
    const victim = orders.system.processes.get(service);
    if (!victim) throw new Error(`${service} is not running`);
    const before = await startOrders(`kill-${service}-a`);
    await pause(400);
    await victim.kill('SIGKILL');
    // The front answers for a dead orchestrator with a typed 503, which the client repeats with the same id.
    const during = startOrders(`kill-${service}-b`);
    await pause(500);
    await victim.restart();
    await orders.expectRightEnds([...before, ...(await during)]);
  });

  test('TL_COMMANDS, TL_TASKS and TL_TIMERS deleted while orders run: every acknowledged order still ends', async () => {
    const started = await startOrders('streams');
    await pause(600);
    const manager = await jetstreamManager(orders.nc);
    for (const stream of [STREAMS.commands, STREAMS.tasks, STREAMS.timers]) await manager.streams.delete(stream);
    await orders.expectRightEnds(started);
  });

  test('over all of that nothing acknowledged is lost and each result counts once', async () => {
    await orders.expectNothingLostOrDoubled(all);
    expect((await orders.client.verifyAudit()).verdict).toBe('intact');
  });
});
