import { type CheckReport, PromiseTable } from '@throughline/testkit/checker';
import { holds, type Report, table, type TopologyReport } from './report.ts';

const checked = (violation?: string): CheckReport => {
  const promises = new PromiseTable();
  promises.expect(violation === undefined, 'acknowledged', 'default/execution/e-1', violation ?? '');
  return promises.report();
};

const single = (given: Partial<TopologyReport> = {}): TopologyReport => ({
  topology: 'single',
  seconds: 60,
  faults: [{ kind: 'kill -9', done: 3, counted: 2 }],
  faultProblems: [],
  acknowledged: 100,
  unanswered: 0,
  refusals: {},
  repeats: { 'no answer': 3 },
  lost: 0,
  doubled: 0,
  answeredTwice: [],
  executions: 30,
  commits: 200,
  effects: 90,
  longestStall: { ms: 1_234, fromMs: 5_000, during: ['kill -9 (front)'] },
  endedByThemselves: {},
  allUp: true,
  check: checked(),
  ...given,
});

const report = (...topologies: readonly TopologyReport[]): Report => ({
  seed: 7,
  machine: { cores: 2, cpu: 'a processor', memoryGiB: 8, node: 'v20' },
  topologies,
});

describe('the report', () => {
  test('holds where nothing is lost, doubled or violated', () => {
    expect(holds(report(single(), single({ topology: 'cluster' })))).toBe(true);
  });

  test.each([
    ['a promise is violated', single({ check: checked('it is not on the log') })],
    ['one command was answered with two commits', single({ answeredTwice: ['e-1 c-1: versions 1, 2'] })],
    ['a process did not come up again', single({ allUp: false })],
    ['nothing was acknowledged', single({ acknowledged: 0 })],
    ['no fault met a command in flight', single({ faults: [{ kind: 'kill -9', done: 3, counted: 0 }] })],
  ])('does not hold where %s', (_what, topology) => {
    expect(holds(report(single(), topology))).toBe(false);
  });

  test('does not hold of nothing', () => {
    expect(holds(report())).toBe(false);
  });

  test('the table has a column for each topology and one for both, and names what is violated', () => {
    const text = table(report(single(), single({ topology: 'cluster', check: checked('it is not on the log') })));
    expect(text).toMatch(/commands acknowledged +100 +100 +200\n/);
    expect(text).toMatch(/ {2}kill -9 +2 +2 +4\n/);
    expect(text).toMatch(/longest stall, s +1\.2 +1\.2\n/);
    expect(text).toContain('default/execution/e-1: it is not on the log');
  });
});
