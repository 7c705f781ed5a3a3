import { parseArguments } from './arguments.ts';
import { runPurely } from './pure-run.ts';
import { judge } from './judge.ts';
import { alignedLines, changedScores, type JudgedCase, missLine, reportOf, sourceTable } from './report.ts';
import { EXAMPLE_CASES } from './spec/example-cases.ts';
import { conformancePage } from './written-page.ts';

const [passed, other] = EXAMPLE_CASES.map((recorded): JudgedCase => {
  const run = runPurely(recorded);
  return { recorded, run, judgement: judge(recorded, run) };
});
if (!passed || !other) throw new Error('there are examples');
const difference = { place: 'events[3].output', expected: '1', actual: '2' };
const missed: JudgedCase = { ...other, judgement: { kind: 'judged', level1: true, level2: false, difference } };
const excluded: JudgedCase = {
  recorded: { ...other.recorded, id: 'left-out', excluded: 'nobody could' },
  judgement: { kind: 'excluded' },
};
const all = [passed, missed, excluded];

describe('the report', () => {
  it('counts what was judged at each level and leaves excluded cases out', () => {
    expect(reportOf(all)).toEqual({
      total: 3,
      judged: 2,
      level1: 2,
      judgedLevel2: 2,
      level2: 1,
      excluded: 1,
      executions: 2,
      replayed: 2,
      misses: [
        {
          id: 'named',
          name: 'names and paths that a cause and a context object quote',
          source: 'examples',
          level: 2,
          difference: 'events[3].output: expected 1, got 2',
        },
      ],
    });
  });

  it('counts a replay that is not identical in every event as none', () => {
    const { run } = passed;
    if (run?.kind !== 'ended') throw new Error('it ended');
    const diverged: JudgedCase = { ...passed, run: { ...run, replay: { ...run.replay, matchPercent: 99.99 } } };
    expect(reportOf([diverged])).toMatchObject({ executions: 1, replayed: 0 });
  });

  it('has a line for each miss and a row for each source', () => {
    expect(reportOf(all).misses.map(missLine)).toEqual([
      '✗ named level 2  names and paths that a cause and a context object quote\n    events[3].output: expected 1, got 2',
    ]);
    expect(alignedLines(sourceTable(all))).toEqual([
      'source    level 1  level 2  excluded',
      'examples  2 of 2   1 of 2   1',
      'all       2 of 2   1 of 2   1',
    ]);
  });

  it('names cases that come out otherwise another time', () => {
    expect(changedScores('again', [passed, missed], [passed, missed])).toEqual([]);
    expect(changedScores('again', [passed, other], [passed, missed])).toEqual([
      expect.stringContaining('level 2 equal, but level 1 equal, level 2 missed again'),
    ]);
  });
});

describe('the page', () => {
  it('names every miss with its reason, and what was left out', () => {
    const page = conformancePage(all, reportOf(all), { named: 'It is a matter of taste.' });
    expect(page).toContain('**Level 1: 2 of 2. Level 2: 1 of 2.** Excluded: 1 of 3.');
    expect(page).toContain('(`named`), level 2: It is a matter of taste.');
    expect(page).toContain('(`left-out`): nobody could');
  });

  it('says so where no reason is known', () => {
    expect(conformancePage(all, reportOf(all), {})).toContain('no reason is written down yet');
  });
});

describe('the arguments', () => {
  it.each([
    ['--cases', 'x', '--fast-timers', '0'],
    ['--cases', 'x', '--fast-timers', 'fast'],
    ['--cases', 'x', '--pure', '--both'],
    ['--cases', 'x', '--unknown'],
    ['--pure'],
  ])('%s %s %s %s are not as the usage says', (...argv) => {
    expect(parseArguments(argv)).toBeUndefined();
  });

  it('run through the services in real time where nothing else is said', () => {
    expect(parseArguments(['--cases', 'x'])).toMatchObject({
      cases: 'x',
      mode: 'services',
      timerSpeed: 1,
      json: false,
    });
    expect(parseArguments(['--cases', 'x', '--fast-timers', '20', '--json'])).toMatchObject({
      timerSpeed: 20,
      json: true,
    });
  });
});
