import { readFileSync, writeFileSync } from 'node:fs';
import { type Arguments, parseArguments, USAGE } from './arguments.ts';
import type { CaseRun } from './case-run.ts';
import { judge } from './judge.ts';
import { runPurely } from './pure-run.ts';
import { readCases } from './read-cases.ts';
import type { RecordedCase } from './recorded-case.ts';
import { renamedCase } from './renamed-case.ts';
import {
  alignedLines,
  changedScores,
  type JudgedCase,
  missLine,
  type Report,
  reportOf,
  sourceTable,
} from './report.ts';
import { runThroughServices } from './system-run.ts';
import { conformancePage, type Reasons } from './written-page.ts';

const EXIT = { ran: 0, broken: 1, usage: 2 } as const;

/** Progress never goes to stdout: with --json nothing but the report may stand there. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const main = async (): Promise<number> => {
  const args = parseArguments(process.argv.slice(2));
  if (!args) {
    say(USAGE);
    return EXIT.usage;
  }
  const cases = casesOf(args);
  if (!cases) return EXIT.usage;
  const mode = args.mode === 'pure' ? 'pure' : 'services';
  const judged = await judgedBy(mode, cases, args);
  const report = reportOf(judged);
  show(args, judged, report);
  if (args.writeDocs) writeDocs(judged, report);
  const problems = [
    ...(report.replayed < report.executions
      ? [`${report.executions - report.replayed} executions did not replay at 100 %`]
      : []),
    ...(args.mode === 'both' ? changedScores('in this process', judged, await judgedBy('pure', cases, args)) : []),
    ...(args.renamed
      ? changedScores('with other names', judged, await judgedBy(mode, cases.map(renamedCase), args))
      : []),
  ];
  problems.forEach(say);
  return problems.length === 0 ? EXIT.ran : EXIT.broken;
};

const casesOf = ({ cases, only }: Arguments): readonly RecordedCase[] | undefined => {
  try {
    return readCases(cases).filter(({ id, name }) => only === undefined || id.includes(only) || name.includes(only));
  } catch (thrown) {
    say(thrown instanceof Error ? thrown.message : String(thrown));
    return undefined;
  }
};

const judgedBy = async (
  mode: 'services' | 'pure',
  cases: readonly RecordedCase[],
  { timerSpeed }: Arguments,
): Promise<readonly JudgedCase[]> => {
  const running = cases.filter(({ excluded }) => excluded === undefined);
  const runs = mode === 'pure' ? running.map(runPurely) : await runThroughServices(running, { timerSpeed, say });
  const runOf = new Map(running.map((recorded, i): [RecordedCase, CaseRun | undefined] => [recorded, runs[i]]));
  return cases.map((recorded): JudgedCase => {
    const run = runOf.get(recorded);
    return run ? { recorded, run, judgement: judge(recorded, run) } : { recorded, judgement: { kind: 'excluded' } };
  });
};

const show = ({ json }: Arguments, judged: readonly JudgedCase[], report: Report): void => {
  const lines = [
    ...report.misses.map(missLine),
    ...(report.misses.length === 0 ? [] : ['']),
    ...alignedLines(sourceTable(judged)),
    '',
    `${report.replayed} of ${report.executions} executions replayed at 100 %`,
  ];
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`);
};

const PAGE = new URL('../../docs/conformance.md', import.meta.url);
const REASONS = new URL('../reasons.json', import.meta.url);

const writeDocs = (judged: readonly JudgedCase[], report: Report): void => {
  // Our own file: a text for each case id.
  const reasons = JSON.parse(readFileSync(REASONS, 'utf8')) as Reasons;
  writeFileSync(PAGE, conformancePage(judged, report, reasons));
  for (const { id, name } of report.misses) if (!(id in reasons)) say(`no reason is written down for ${id} ${name}`);
};

process.exitCode = await main();
