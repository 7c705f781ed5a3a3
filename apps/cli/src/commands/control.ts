import type { Command } from 'commander';
import type { ExecutionView } from '@throughline/contracts';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation, Run } from '../invocation.ts';
import { jsonArgument } from '../json-argument.ts';
import { plainText } from '../terminal.ts';
import { executionLines, statusWord } from '../wording.ts';
import { attributesOf, labelsOf } from './executions.ts';

/** How an operator steers an execution. */

interface ReasonOption {
  readonly reason?: string;
}
const reasonOf = ({ reason }: ReasonOption): ReasonOption => (reason === undefined ? {} : { reason });

const show = ({ terminal }: Invocation, view: ExecutionView): ExitCode => {
  if (terminal.json) terminal.document(view);
  else terminal.lines(executionLines(terminal, view));
  return EXIT.ok;
};

const resume = async (
  cli: Invocation,
  id: string,
  { skipFailed, afterReview, ...options }: ReasonOption & { skipFailed?: boolean; afterReview?: boolean },
): Promise<ExitCode> => {
  const how = { ...(skipFailed && { skipFailed }), ...(afterReview && { afterReview }) };
  const answer = await cli.client.resume(id, { ...reasonOf(options), ...how });
  const { terminal } = cli;
  if (terminal.json) {
    terminal.document(answer);
    return EXIT.ok;
  }
  show(cli, answer.execution);
  const rows = answer.pendingSteps.map(({ kind, state, frame }) => [
    statusWord(terminal, kind),
    plainText(state),
    frame,
  ]);
  if (rows.length > 0) terminal.lines(tableLines(terminal, ['GOES ON WITH', 'STATE', 'FRAME'], rows));
  return EXIT.ok;
};

const GRACE_SECONDS_MAX = 3_600;

const cancel = async (
  cli: Invocation,
  id: string,
  { grace, ...options }: ReasonOption & { grace?: number },
): Promise<ExitCode> => {
  if (grace !== undefined && grace > GRACE_SECONDS_MAX) throw new UsageError(`--grace is at most ${GRACE_SECONDS_MAX}`);
  const graceMs = grace === undefined ? {} : { graceMs: grace * 1_000 };
  return show(cli, await cli.client.cancel(id, { ...reasonOf(options), ...graceMs }));
};

const signal = async (
  cli: Invocation,
  id: string,
  name: string,
  { payload }: { payload?: string },
): Promise<ExitCode> =>
  show(cli, await cli.client.signal(id, name, payload === undefined ? null : jsonArgument(payload)));

const annotate = async (
  cli: Invocation,
  id: string,
  { label, attributes }: { label?: readonly string[]; attributes?: string },
): Promise<ExitCode> => {
  const body = {
    ...(label === undefined ? {} : { labels: labelsOf(label) }),
    ...(attributes === undefined ? {} : { attributes: attributesOf(jsonArgument(attributes)) }),
  };
  return show(cli, await cli.client.annotate(id, body));
};

export const controlCommands = (program: Command, run: Run, wholeNumber: (text: string) => number): void => {
  const collected = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  program
    .command('pause <id>')
    .description('running steps finish, nothing new starts, timers stand still')
    .option('--reason <text>')
    .action(
      run(async (cli, id: string, options: ReasonOption) => show(cli, await cli.client.pause(id, reasonOf(options)))),
    );
  program
    .command('resume <id>')
    .description('go on after a pause or review, or from where a failed execution stood')
    .option('--skip-failed', 'the failed steps count as done')
    .option('--after-review', 'only where it waits for a review')
    .option('--reason <text>')
    .action(run(resume));
  program
    .command('retry <id>')
    .description('the failed step again, under the same idempotency key')
    .option('--reason <text>')
    .action(
      run(async (cli, id: string, options: ReasonOption) => show(cli, await cli.client.retry(id, reasonOf(options)))),
    );
  program
    .command('redrive <id>')
    .description('go on from what did not succeed, as AWS redrives')
    .option('--reason <text>')
    .action(
      run(async (cli, id: string, options: ReasonOption) => show(cli, await cli.client.redrive(id, reasonOf(options)))),
    );
  program
    .command('cancel <id>')
    .description('tell running steps to end, give them a grace, then refuse their results')
    .option('--grace <seconds>', '10 without it, 0 for none', wholeNumber)
    .option('--reason <text>')
    .action(run(cancel));
  program
    .command('terminate <id>')
    .description('end at once')
    .option('--reason <text>')
    .action(
      run(async (cli, id: string, options: ReasonOption) =>
        show(cli, await cli.client.terminate(id, reasonOf(options))),
      ),
    );
  program
    .command('signal <id> <name>')
    .description('for the state that waits for the name, or the next that will')
    .option('--payload <json>', 'JSON, @file, or @- for standard input')
    .action(run(signal));
  program
    .command('annotate <id>')
    .description('note labels and attributes, also after the end')
    .option('--label <name=value>', 'may be given again', collected)
    .option('--attributes <json>', 'JSON, @file, or @-: planId, riskLevel, verdict, affectedPaths, …')
    .action(run(annotate));
};
