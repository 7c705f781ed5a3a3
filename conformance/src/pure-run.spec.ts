import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaseRun } from './case-run.ts';
import { judge } from './judge.ts';
import { runPurely } from './pure-run.ts';
import { readCases } from './read-cases.ts';
import type { RecordedCase } from './recorded-case.ts';
import { renamedCase } from './renamed-case.ts';
import { changedScores, type JudgedCase, missLine, reportOf } from './report.ts';
import { EXAMPLE_CASES } from './spec/example-cases.ts';

const judged = (recorded: RecordedCase): JudgedCase => {
  if (recorded.excluded !== undefined) return { recorded, judgement: { kind: 'excluded' } };
  const run = runPurely(recorded);
  return { recorded, run, judgement: judge(recorded, run) };
};

/** Recordings of AWS, where they lie beside the checkout. */
const RECORDINGS = fileURLToPath(new URL('../../../shared/conformance/asl', import.meta.url));
const cases = existsSync(RECORDINGS) ? [...EXAMPLE_CASES, ...readCases(RECORDINGS)] : EXAMPLE_CASES;

describe('cases decided in this process', () => {
  const before = cases.map(judged);

  it('come out as the examples say, whatever waits, fails or stays silent', () => {
    expect(reportOf(before.slice(0, EXAMPLE_CASES.length)).misses.map(missLine)).toEqual([]);
  });

  it('replay in every event', () => {
    const { executions, replayed } = reportOf(before);
    expect(replayed).toBe(executions);
    expect(executions).toBeGreaterThanOrEqual(EXAMPLE_CASES.length);
  });

  it('keep their score under other names of states and input keys: no case is recognised', () => {
    expect(changedScores('with other names', before, cases.map(renamedCase).map(judged))).toEqual([]);
  });

  it('would lose their score under other names, were they recognised', () => {
    const known = new Map(EXAMPLE_CASES.map((example) => [JSON.stringify(example.definition), example]));
    const recognising = (recorded: RecordedCase): JudgedCase => {
      const found = known.get(JSON.stringify(recorded.definition));
      const run: CaseRun = found ? runPurely(found) : { kind: 'broken', problem: 'it is not known' };
      return { recorded, run, judgement: judge(recorded, run) };
    };
    const scored = EXAMPLE_CASES.map(recognising);
    expect(reportOf(scored).misses).toEqual([]);
    const changed = changedScores('with other names', scored, EXAMPLE_CASES.map(renamedCase).map(recognising));
    expect(changed).toHaveLength(EXAMPLE_CASES.length);
  });

  it('are missed where anything is not as recorded', () => {
    const [first] = EXAMPLE_CASES;
    if (!first) throw new Error('there is an example');
    const { events } = first.expected;
    const wrong: readonly RecordedCase['expected'][] = [
      { ...first.expected, status: 'FAILED' },
      { ...first.expected, output: {} },
      { ...first.expected, events: events.slice(1) },
      ...events.map((event, i) => ({ ...first.expected, events: events.with(i, { ...event, type: 'Nothing' }) })),
    ];
    for (const expected of wrong) expect(reportOf([judged({ ...first, expected })]).misses).toHaveLength(1);
  });

  it('say what is wrong with a definition that is refused, and with a run that stands still', () => {
    const [first] = EXAMPLE_CASES;
    if (!first) throw new Error('there is an example');
    expect(runPurely({ ...first, definition: { StartAt: 'A' } })).toMatchObject({
      kind: 'broken',
      problem: expect.stringContaining('the definition is refused: '),
    });
    expect(runPurely({ ...first, taskOutcomes: [] })).toMatchObject({
      kind: 'broken',
      problem: expect.stringContaining('it stands still'),
    });
  });
});
