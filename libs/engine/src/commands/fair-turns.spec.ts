import { type Tenant, tenantSchema } from '@throughline/contracts';
import { FairTurns } from './fair-turns.ts';

const [LOUD, QUIET, THIRD] = ['loud', 'quiet', 'third'].map((name) => tenantSchema.parse(name)) as [
  Tenant,
  Tenant,
  Tenant,
];

/** Works that end when told to, and the order in which they began. */
const world = (runningMax: number) => {
  const turns = new FairTurns(runningMax);
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (tenant: Tenant, ...names: readonly string[]): void => {
    for (const name of names) {
      void turns.run(tenant, () => {
        began.push(name);
        return new Promise<void>((end) => ends.set(name, end));
      });
    }
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
  };
  return { turns, began, add, end };
};

describe('turns of tenants', () => {
  test('a tenant that is alone is not held up', () => {
    const { began, add, turns } = world(2);
    add(LOUD, 'a', 'b', 'c', 'd');
    expect([began, turns.waiting]).toEqual([['a', 'b', 'c', 'd'], 0]);
  });

  test('another one begins at once, however much is under way', () => {
    const { began, add } = world(2);
    add(LOUD, 'a', 'b', 'c', 'd');
    add(QUIET, 'x');
    expect(began.at(-1)).toBe('x');
  });

  test('what goes beyond the share of a tenant waits, and who has least under way goes first', async () => {
    const { began, add, end, turns } = world(2);
    add(LOUD, 'a', 'b', 'c');
    add(QUIET, 'x', 'y');
    add(LOUD, 'd');
    expect([began, turns.waiting]).toEqual([['a', 'b', 'c', 'x'], 2]);
    await end('a');
    expect(began).toHaveLength(4);
    await end('x');
    expect(began.at(-1)).toBe('y');
  });

  test("one tenant's begin in the order in which they came", async () => {
    const { began, add, end } = world(1);
    add(LOUD, 'a');
    add(QUIET, 'x', 'y', 'z');
    await end('a');
    for (const name of ['x', 'y', 'z']) await end(name);
    expect(began).toEqual(['a', 'x', 'y', 'z']);
  });

  test('all goes on when the others have ended, also where work fails', async () => {
    const { turns } = world(1);
    const failing = (tenant: Tenant) =>
      turns.run(tenant, () => Promise.reject(new Error('broken'))).catch(() => 'failed');
    const all = [LOUD, LOUD, QUIET, QUIET, THIRD].map(failing);
    expect(await Promise.all(all)).toEqual(Array(5).fill('failed'));
    expect([turns.tenants, turns.waiting, turns.held(LOUD)]).toEqual([0, 0, 0]);
  });
});
