import type { PreflightOutcome, PreflightView } from '@throughline/contracts';
import type { Command } from 'commander';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation, Run } from '../invocation.ts';
import { jsonArgument } from '../json-argument.ts';
import { plainText } from '../terminal.ts';

export const preflightCommands = (program: Command, run: Run): void => {
  program
    .command('preflight <workflow>')
    .description('what a start would meet, a line each; exit 1 where it would fail; nothing is started')
    .option('--input <json>', 'JSON, @file, or @- for standard input')
    .option('--workflow-version <n>', 'another version than the latest', Number)
    .option('--execution', 'the argument is an execution: what it would meet if it were started now')
    .action(run(preflight));
};

interface PreflightOptions {
  readonly input?: string;
  readonly workflowVersion?: number;
  readonly execution?: boolean;
}

export const preflight = async (cli: Invocation, name: string, options: PreflightOptions): Promise<ExitCode> => {
  const { input, workflowVersion } = options;
  const view = options.execution
    ? await cli.client.preflightOf(name)
    : await cli.client.preflight(name, {
        ...(input === undefined ? {} : { input: jsonArgument(input) }),
        ...(workflowVersion === undefined ? {} : { version: workflowVersion }),
      });
  show(cli, view);
  return view.outcome === 'error' ? EXIT.bad : EXIT.ok;
};

const STYLES = { ok: 'green', warn: 'yellow', error: 'red' } as const satisfies Record<PreflightOutcome, string>;

const show = ({ terminal }: Invocation, view: PreflightView): void => {
  if (terminal.json) return terminal.document(view);
  const rows = view.findings.map(({ check, outcome, sentence, recommendedActions }) => [
    terminal.style(STYLES[outcome], outcome),
    check,
    plainText([sentence, ...recommendedActions].join(' → ')),
  ]);
  terminal.lines(tableLines(terminal, ['OUTCOME', 'CHECK', 'FOUND'], rows));
};
