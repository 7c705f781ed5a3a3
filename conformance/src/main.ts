import { parseArguments, USAGE } from './arguments.ts';
import { judge } from './judge.ts';
import { runPurely } from './pure-run.ts';
import { readCases } from './read-cases.ts';
import { alignedLines, type JudgedCase, missLine, reportOf, sourceTable } from './report.ts';

/** Progress never goes to stdout: with --json nothing but the report may stand there. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const run = (): number => {
  const args = parseArguments(process.argv.slice(2));
  if (!args) {
    say(USAGE);
    return 2;
  }
  const { only } = args;
  const cases = readCases(args.cases).filter(
    ({ id, name }) => only === undefined || id.includes(only) || name.includes(only),
  );
  const judged = cases.map((recorded): JudgedCase => {
    if (recorded.excluded !== undefined) return { recorded, judgement: { kind: 'excluded' } };
    const ran = runPurely(recorded);
    return { recorded, run: ran, judgement: judge(recorded, ran) };
  });
  const report = reportOf(judged);
  const lines = [
    ...report.misses.map(missLine),
    '',
    ...alignedLines(sourceTable(judged)),
    '',
    `${report.replayed} of ${report.executions} executions replay at 100 %`,
  ];
  process.stdout.write(args.json ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`);
  return report.replayed === report.executions ? 0 : 1;
};

process.exitCode = run();
