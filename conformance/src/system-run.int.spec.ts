import { judge } from './judge.ts';
import { missLine, reportOf } from './report.ts';
import { EXAMPLE_CASES } from './spec/example-cases.ts';
import { runThroughServices } from './system-run.ts';

it('the examples come out through the real services as recorded, and replay', async () => {
  const said: string[] = [];
  const runs = await runThroughServices(EXAMPLE_CASES, { timerSpeed: 10, say: (line) => said.push(line) });
  const judged = EXAMPLE_CASES.map((recorded, i) => {
    const run = runs[i];
    if (!run) throw new Error(`${recorded.id} was not run`);
    return { recorded, run, judgement: judge(recorded, run) };
  });
  const report = reportOf(judged);
  expect(report.misses.map(missLine)).toEqual([]);
  expect(said.at(-1)).toMatch(/^replayed \d+ executions, \d+ commits \(\d+ merged\): 100 %$/);
  expect(report).toMatchObject({ executions: EXAMPLE_CASES.length, replayed: EXAMPLE_CASES.length });
});
