import { PRIORITIES, type Priority, type Tenant, tenantSchema } from '@throughline/contracts';
import fc from 'fast-check';
import { DispatchOrder, LONGEST_WAIT_EVERY } from './dispatch-order.ts';

interface Waiter {
  readonly priority: Priority;
  readonly tenant: Tenant;
  readonly n: number;
}
const waiter = (priority: Priority, tenant: string, n: number): Waiter => ({
  priority,
  tenant: tenantSchema.parse(tenant),
  n,
});
const drained = (order: DispatchOrder<Waiter>): readonly Waiter[] => {
  const all: Waiter[] = [];
  for (let next = order.next(); next; next = order.next()) all.push(next);
  return all;
};
const waiters = fc
  .array(fc.tuple(fc.constantFrom(...PRIORITIES), fc.constantFrom('a', 'b', 'c')), { maxLength: 60 })
  .map((pairs) => pairs.map(([priority, tenant], n) => waiter(priority, tenant, n)));

describe('the order in which waiting tasks are begun', () => {
  test('everything that waits is begun, each once', () => {
    fc.assert(
      fc.property(waiters, (all) => {
        const order = new DispatchOrder<Waiter>();
        all.forEach((one) => order.add(one));
        expect(
          drained(order)
            .map(({ n }) => n)
            .sort((a, b) => a - b),
        ).toEqual(all.map(({ n }) => n));
      }),
    );
  });

  test('a higher priority is begun first, but for every eighth', () => {
    const order = new DispatchOrder<Waiter>();
    for (let n = 0; n < 20; n += 1) order.add(waiter('low', 'a', n));
    for (let n = 20; n < 60; n += 1) order.add(waiter('high', 'a', n));
    const begun = Array.from({ length: 40 }, () => order.next()?.priority);
    expect(begun.filter((priority) => priority === 'low')).toHaveLength(40 / LONGEST_WAIT_EVERY);
    expect(begun.slice(0, LONGEST_WAIT_EVERY - 1)).not.toContain('low');
  });

  test('tenants take turns, whatever one of them has piled up', () => {
    const order = new DispatchOrder<Waiter>();
    for (let n = 0; n < 1_000; n += 1) order.add(waiter('normal', 'huge', n));
    for (let n = 0; n < 5; n += 1) order.add(waiter('normal', 'small', 1_000 + n));
    const begun = Array.from({ length: 12 }, () => order.next()?.tenant);
    expect(begun.filter((tenant) => tenant === 'small')).toHaveLength(5);
  });

  test('a tenant that was just begun comes after those that were not, also when nothing of it waited since', () => {
    const order = new DispatchOrder<Waiter>();
    order.began(waiter('normal', 'a', 0));
    order.add(waiter('normal', 'a', 1));
    order.add(waiter('normal', 'b', 2));
    expect(order.next()?.tenant).toBe('b');
  });
});
