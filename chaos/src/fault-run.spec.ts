import { Chance } from './chance.ts';
import { FAULT_KINDS, type Fault, type FaultKind } from './fault.ts';
import { FaultRun, kindsToCome } from './fault-run.ts';
import { Tally } from './tally.ts';

const take = (seed: number, count: number): FaultKind[] => {
  const kinds = kindsToCome(new Chance(seed));
  return Array.from({ length: count }, () => kinds.next().value);
};

describe('the order of faults', () => {
  test('follows from the seed', () => {
    expect(take(7, 100)).toEqual(take(7, 100));
    expect(take(7, 100)).not.toEqual(take(8, 100));
  });

  test('has every kind once before any comes again', () => {
    expect(take(3, FAULT_KINDS.length).sort()).toEqual([...FAULT_KINDS].sort());
  });
});

describe('a run of faults', () => {
  const runFor = async (ms: number, make: (kind: FaultKind) => Fault | undefined): Promise<FaultRun> => {
    const tally = new Tally();
    const run = new FaultRun({ make, tally, chance: new Chance(1), perMinute: 6_000, say: () => {} });
    tally.sent();
    const running = run.run();
    await new Promise((resolve) => setTimeout(resolve, ms));
    await run.end();
    await running;
    return run;
  };

  test('takes away every fault that it has set, and never sets two that hold the same', async () => {
    let on = 0;
    let most = 0;
    const run = await runFor(300, (kind) => ({
      kind,
      target: 'it',
      holds: ['it'],
      lastsMs: 20,
      begin: () => {
        most = Math.max(most, (on += 1));
        return () => void (on -= 1);
      },
    }));
    expect({ on, most }).toEqual({ on: 0, most: 1 });
    const counts = [...run.counts.values()];
    expect(counts.length).toBeGreaterThan(1);
    expect(counts.every(({ done, counted }) => done === counted)).toBe(true);
  });

  test('a fault that found nothing to do it to is not counted, one that threw is told of', async () => {
    const run = await runFor(200, (kind) => ({
      kind,
      target: 'it',
      holds: [],
      lastsMs: 0,
      begin: () => {
        if (kind === 'stopped') throw new Error('nobody leads');
        return undefined;
      },
    }));
    expect(run.counts.size).toBe(0);
    expect(run.problems[0]).toBe('stopped (it) could not be done: Error: nobody leads');
  });
});

test('a fault waits for a command in flight, and knows when there is none', async () => {
  const tally = new Tally();
  expect(await tally.whenInFlight(10)).toBe(false);
  const waiting = tally.whenInFlight(5_000);
  const flight = tally.sent();
  expect(await waiting).toBe(true);
  expect(flight.accepted()).toBe('accepted');
  expect({ acknowledged: tally.acknowledged, inFlight: tally.inFlight }).toEqual({ acknowledged: 1, inFlight: 0 });
});
