import { logSubject } from '@throughline/contracts';
import { ServedEventLog } from '@throughline/event-log';
import { eventLogConformance } from '@throughline/event-log/conformance';
import { Chance } from './chance.ts';
import { withFault } from './mutant-hook.ts';
import { Network, Process } from './network.ts';
import { READ_MODELS } from './read-models.ts';
import { REGRESSION_SEEDS } from './regression-seeds.ts';
import { runSeed } from './run-seed.ts';
import { logServerFor, SimulatedLog } from './simulated-log.ts';
import { SimulatedTables } from './simulated-tables.ts';
import { SimulatedTime } from './simulated-time.ts';

describe('the simulated log', () => {
  const time = new SimulatedTime(0);
  let done = false;
  let passing: Promise<boolean>;
  let log: SimulatedLog;
  let network: Network;

  beforeEach(() => {
    network = new Network(time, new Chance(1));
    log = new SimulatedLog({ nowMs: () => 1_700_000_000_000 + time.nowMs }, network);
    done = false;
    const tick = (): void => (done ? undefined : time.after(1, tick));
    tick();
    passing = time.run(() => done, Number.POSITIVE_INFINITY);
  });
  afterEach(async () => {
    done = true;
    await passing;
  });

  eventLogConformance(() => ({
    log: new ServedEventLog(logServerFor(new Process('spec', network), log)),
    plant: (ref, bytes) => Promise.resolve(log.plant(logSubject(ref), bytes)),
  }));
});

describe('a simulated system', () => {
  test('keeps its promises with every seed that has found a fault before', async () => {
    for (const seed of REGRESSION_SEEDS) {
      const { violations } = await runSeed(seed, READ_MODELS);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  });

  test.each([[1], [2], [5], [6]])('keeps its promises with seed %i', async (seed) => {
    const result = await runSeed(seed, READ_MODELS);
    expect(result.violations).toEqual([]);
    expect(result.commits).toBeGreaterThan(0);
  });

  test('does the same again with the same seed', async () => {
    const once = await runSeed(5, READ_MODELS);
    expect(await runSeed(5, READ_MODELS)).toEqual(once);
  });
});

describe('simulated tables', () => {
  test('take back what was not committed', () => {
    const tables = new SimulatedTables();
    const insert =
      'INSERT INTO projection_checkpoint (name, stream, created, seq) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING';
    tables.query(insert, ['log', 'TL_LOG', 'then', 7]);
    tables.rollback();
    expect(tables.rowsOf('projection_checkpoint').size).toBe(0);
    expect(tables.query(insert, ['log', 'TL_LOG', 'then', 8]).rowCount).toBe(1);
    expect(tables.query(insert, ['log', 'TL_LOG', 'then', 9]).rowCount).toBe(0);
  });

  test('refuse a statement that they do not understand', () => {
    expect(() => new SimulatedTables().query('TRUNCATE ledger', [])).toThrow('do not understand');
  });
});

test('a fault that would not be planted is an error', () => {
  const mutant = { file: 'x.js', find: 'a === b', replace: 'true' };
  expect(withFault(mutant, 'if (a === b)')).toBe('if (true)');
  expect(() => withFault(mutant, 'if (a == b)')).toThrow('0 places');
  expect(() => withFault(mutant, 'a === b && a === b')).toThrow('2 places');
});
