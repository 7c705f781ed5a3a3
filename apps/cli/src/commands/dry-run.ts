import { type DryRunReport, dryRunAnswersSchema } from '@throughline/contracts';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import { jsonArgument } from '../json-argument.ts';
import { plainText } from '../terminal.ts';
import { jsonText, statusWord } from '../wording.ts';

export interface DryRunOptions {
  readonly input?: string;
  readonly workflowVersion?: number;
  readonly answers?: string;
  readonly recorded?: string;
  readonly until?: string;
}

/** Walks the machine with given or recorded answers: nothing is called, nothing is written. Exit 1 where it ends badly or is not answered. */
export const dryRun = async (cli: Invocation, workflow: string, options: DryRunOptions): Promise<ExitCode> => {
  const { input, workflowVersion, answers, recorded, until } = options;
  const report = await cli.client.dryRun(workflow, {
    ...(input === undefined ? {} : { input: jsonArgument(input) }),
    ...(workflowVersion === undefined ? {} : { version: workflowVersion }),
    ...(answers === undefined ? {} : { answers: answersFrom(answers) }),
    ...(recorded === undefined ? {} : { recordedFrom: recorded }),
    ...(until === undefined ? {} : { until }),
  });
  if (cli.terminal.json) cli.terminal.document(report);
  else show(cli, report);
  return report.status === 'succeeded' || report.status === 'stopped' ? EXIT.ok : EXIT.bad;
};

const answersFrom = (text: string) => {
  const parsed = dryRunAnswersSchema.safeParse(jsonArgument(text));
  if (parsed.success) return parsed.data;
  throw new UsageError('--answers is {"states": {"<state>": {"output": …} or {"error": …, "cause": …}}, "default": …}');
};

const show = ({ terminal }: Invocation, report: DryRunReport): void => {
  terminal.lines(
    fieldLines(terminal, [
      ['dry run', `${statusWord(terminal, report.status)}; nothing was called, nothing was written`],
      ['output', jsonText(report.output)],
      ['error', report.error === null ? null : plainText(report.error)],
      ['cause', report.cause === null ? null : plainText(report.cause)],
      ['unanswered', report.unanswered.length === 0 ? null : plainText(report.unanswered.join(', '))],
    ]),
  );
  const steps = report.steps.map(({ state, type, attempts, error, input, output }) => [
    plainText(state),
    type,
    String(attempts),
    plainText(error ?? ''),
    jsonText(input) ?? '',
    jsonText(output) ?? '',
  ]);
  terminal.lines(tableLines(terminal, ['STATE', 'TYPE', 'ATTEMPTS', 'ERROR', 'INPUT', 'OUTPUT'], steps));
  const waits = report.waits.map(({ state, purpose, seconds }) => [plainText(state), purpose, `${seconds} s`]);
  if (waits.length > 0) terminal.lines(tableLines(terminal, ['WOULD WAIT', 'FOR', 'LONG'], waits));
};
