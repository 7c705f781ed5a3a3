import type { ReplacedSnapshot } from '@throughline/contracts';
import type { Command } from 'commander';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation, Run } from '../invocation.ts';
import { plainText, type Terminal } from '../terminal.ts';
import { jsonText, statusWord } from '../wording.ts';

/** An execution as it was: its state at a commit or a time, what changed between two, and the states that are kept. */

const showState = async ({ client, terminal }: Invocation, id: string, options: { at?: string }): Promise<ExitCode> => {
  const view = await client.state(id, options);
  if (terminal.json) terminal.document(view);
  else {
    terminal.lines(
      fieldLines(terminal, [
        ['execution', view.executionId],
        ['after commit', `${view.at} of ${view.of}`],
        ['hash', view.stateHash],
        ['folded from', view.foldedFrom === 0 ? 'the first commit' : `the snapshot at commit ${view.foldedFrom}`],
      ]),
    );
    terminal.lines(replacedLines(terminal, view.replaced));
    for (const line of JSON.stringify(view.state, undefined, 2).split('\n')) terminal.line(plainText(line));
  }
  return EXIT.ok;
};

const showDiff = async (
  { client, terminal }: Invocation,
  id: string,
  options: { from: string; to?: string },
): Promise<ExitCode> => {
  const view = await client.diff(id, options);
  if (terminal.json) terminal.document(view);
  else {
    terminal.line(`${view.executionId}: commit ${view.from.at} → commit ${view.to.at} of ${view.of}`);
    terminal.lines(replacedLines(terminal, view.replaced));
    const rows = view.patch.map((operation) => [
      operation.op,
      plainText(operation.path),
      'value' in operation ? (jsonText(operation.value) ?? '') : '',
    ]);
    if (rows.length === 0) terminal.line('no difference');
    else terminal.lines(tableLines(terminal, ['OP', 'PATH', 'VALUE'], rows));
  }
  return EXIT.ok;
};

const listSnapshots = async (
  { client, terminal }: Invocation,
  id: string,
  options: { type?: string },
): Promise<ExitCode> => {
  const type =
    options.type === undefined ? undefined : typeOf(options.type, ['checkpoint', 'before_step', 'after_step']);
  const view = await client.snapshots.list(id, { type });
  if (terminal.json) terminal.document(view);
  else {
    terminal.lines(replacedLines(terminal, view.replaced));
    const rows = view.items.map((item) => [
      item.id,
      item.reason,
      item.at,
      statusWord(terminal, item.status),
      String(item.bytes),
      item.stateHash.slice(0, 12),
      plainText(item.step ? `${item.type === 'before_step' ? 'before' : 'after'} ${item.step.state}` : stepsText(item)),
    ]);
    terminal.lines(tableLines(terminal, ['SNAPSHOT', 'WHY', 'AT', 'STATUS', 'BYTES', 'HASH', 'STEPS'], rows));
  }
  return EXIT.ok;
};

const takeSnapshot = async (
  { client, terminal }: Invocation,
  id: string,
  state: string,
  options: { type: string; frame?: string; visit?: number },
): Promise<ExitCode> => {
  const { frame, visit } = options;
  const type = typeOf(options.type, ['before_step', 'after_step']);
  const view = await client.snapshots.take(id, { type, state, frame, visit });
  if (terminal.json) terminal.document(view);
  else terminal.line(`${view.id} ${view.stateHash}`);
  return EXIT.ok;
};

const showSnapshot = async ({ client, terminal }: Invocation, id: string, snapshot: string): Promise<ExitCode> => {
  const view = await client.snapshots.get(id, snapshot);
  if (terminal.json) terminal.document(view);
  else {
    terminal.lines(replacedLines(terminal, view.replaced));
    terminal.line(`${view.snapshot.id} ${view.snapshot.stateHash}`);
    for (const line of JSON.stringify(view.state, undefined, 2).split('\n')) terminal.line(plainText(line));
  }
  return EXIT.ok;
};

const typeOf = <T extends string>(text: string, allowed: readonly T[]): T => {
  const found = allowed.find((type) => type === text);
  if (found === undefined) throw new UsageError(`--type is one of ${allowed.join(', ')}`);
  return found;
};

const stepsText = ({ steps }: { steps: { completed: string[]; pending: object[]; failed: object[] } }): string =>
  `${steps.completed.length} done, ${steps.pending.length} pending, ${steps.failed.length} failed`;

const replacedLines = (terminal: Terminal, replaced: readonly ReplacedSnapshot[]): readonly string[] =>
  replaced.map(({ id, problem }) =>
    terminal.style('yellow', `${id} was wrong and is made again: ${plainText(problem)}`),
  );

export const timeTravelCommands = (program: Command, run: Run, wholeNumber: (text: string) => number): void => {
  program
    .command('state <id>')
    .description('state after a commit, or as it was at a time')
    .option('--at <n|time>', 'commit, from 1, or an RFC 3339 time; the latest without it')
    .action(run(showState));
  program
    .command('diff <id>')
    .description('what changed in the state between two commits or times, as JSON Patch')
    .requiredOption('--from <n|time>', 'commit, from 1, or an RFC 3339 time')
    .option('--to <n|time>', 'the same; the latest without it')
    .action(run(showDiff));
  program
    .command('snapshots <id>')
    .description('kept states of an execution')
    .option('--type <type>', 'checkpoint, before_step or after_step')
    .action(run(listSnapshots));
  const snapshot = program.command('snapshot').description('one kept state');
  snapshot
    .command('take <id> <state>')
    .description('keep the state right before a step, or right after it')
    .option('--type <type>', 'before_step or after_step', 'before_step')
    .option('--frame <frame>', 'the branch or iteration; the first that entered the state without it')
    .option('--visit <n>', 'the first without it', wholeNumber)
    .action(run(takeSnapshot));
  snapshot.command('show <id> <snapshot>').description('its state').action(run(showSnapshot));
};
