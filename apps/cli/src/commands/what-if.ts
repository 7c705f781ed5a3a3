import { isDivergent, type WhatIfFinding, type WhatIfReport } from '@throughline/contracts';
import { type Command, Option } from 'commander';
import { fieldLines } from '../columns.ts';
import { definitionIn, workflowNameOf } from '../definition-file.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation, Run } from '../invocation.ts';
import { plainText, type Terminal } from '../terminal.ts';
import { jsonText } from '../wording.ts';

export const whatIfCommands = (program: Command, run: Run, wholeNumber: (text: string) => number): void => {
  program
    .command('what-if <file>')
    .description('what a definition would have made of the last executions: nothing is called, nothing is written')
    .option('--workflow <name>', "another workflow than the file's name says")
    .option('--last <n>', 'how many executions, the latest first', wholeNumber, 200)
    .option('--workflow-version <n>', 'only executions of this version', wholeNumber)
    .addOption(
      new Option(
        '--fail-on <what>',
        'exit 1 where one diverges (another end, other calls, no recorded answer), or also takes another path',
      ).choices(['divergence', 'other-path']),
    )
    .action(run(whatIf));
  program
    .command('migrate <id>')
    .description('move a running execution to another version, where that would have decided the same so far')
    .requiredOption('--to <version>', 'version of its workflow', wholeNumber)
    .option('--reason <text>', 'for the record')
    .action(run(migrate));
};

const migrate = async (
  { client, terminal }: Invocation,
  id: string,
  { to, reason }: { readonly to: number; readonly reason?: string },
): Promise<ExitCode> => {
  const moved = await client.migrate(id, to, reason === undefined ? {} : { reason });
  if (terminal.json) terminal.document(moved);
  else {
    terminal.lines(
      fieldLines(terminal, [
        ['execution', moved.executionId],
        ['workflow', plainText(moved.workflow)],
        ['version', `${moved.version}, before ${moved.fromVersion}`],
        ['at commit', String(moved.at)],
      ]),
    );
  }
  return EXIT.ok;
};

interface WhatIfOptions {
  readonly workflow?: string;
  readonly last: number;
  readonly workflowVersion?: number;
  readonly failOn?: 'divergence' | 'other-path';
}

export const whatIf = async (cli: Invocation, file: string, options: WhatIfOptions): Promise<ExitCode> => {
  const { workflow = workflowNameOf(file), last, workflowVersion, failOn } = options;
  const report = await cli.client.whatIf(workflow, {
    definition: definitionIn(file),
    last,
    ...(workflowVersion === undefined ? {} : { version: workflowVersion }),
  });
  if (cli.terminal.json) cli.terminal.document(report);
  else show(cli.terminal, report);
  const { counts } = report;
  const divergent = report.divergent.length;
  const bad = failOn === 'other-path' ? divergent + (counts.same_end ?? 0) : divergent;
  return failOn !== undefined && bad > 0 ? EXIT.bad : EXIT.ok;
};

const show = (terminal: Terminal, report: WhatIfReport): void => {
  const { workflow, candidate, executions, open, commits, counts } = report;
  const version = candidate.version === null ? 'not registered' : `version ${candidate.version}`;
  const soFar = open === 0 ? '' : `, ${open} of them up to their present commit`;
  terminal.lines(
    fieldLines(terminal, [
      ['workflow', plainText(workflow)],
      ['candidate', `${version}, ${candidate.states} states, ${candidate.hash.slice(0, 12)}`],
      ['executions', `${executions} with ${commits} commits${soFar}`],
      [
        'same end',
        `${(counts.identical ?? 0) + (counts.same_end ?? 0)}, ${counts.identical ?? 0} of them event by event`,
      ],
      ['divergent', terminal.style(report.divergent.length === 0 ? 'green' : 'red', String(report.divergent.length))],
      ['nothing was', 'called or written'],
    ]),
  );
  for (const finding of report.divergent) terminal.lines(['', ...findingLines(terminal, finding)]);
  if (report.otherPaths.length === 0) return;
  terminal.lines(['', 'the same end on another path, such as:']);
  for (const finding of report.otherPaths) terminal.lines(['', ...findingLines(terminal, finding)]);
};

const WORDS: Readonly<Record<WhatIfFinding['verdict'], string>> = {
  identical: 'is the same',
  same_end: 'comes to the same end',
  other_end: 'comes to another end',
  other_calls: 'leaves out calls',
  unanswered: 'would make a call that nobody has answered',
  unreadable: 'could not be looked at',
};

const findingLines = (terminal: Terminal, finding: WhatIfFinding): readonly string[] => {
  const { executionId, verdict, first, recorded, candidate, missing, notCalled, problem } = finding;
  const style = isDivergent(verdict) ? 'red' : 'dim';
  const place = first?.step && `${first.step.state} (frame ${first.step.frame}, visit ${first.step.visit})`;
  const call = (one: WhatIfFinding['missing'][number]): string =>
    plainText(`${one.state} attempt ${one.attempt}, ${one.resource}: ${jsonText(one.request) ?? ''}`);
  return [
    `${executionId}  ${terminal.style(style, WORDS[verdict])}`,
    ...fieldLines(terminal, [
      ['  first at', first && `commit ${first.commit} event ${first.event}: ${plainText(first.reason)}`],
      ['  step', place && plainText(place)],
      ['  pointer', first && plainText(first.pointer || '(the whole event)')],
      ['  recorded', first && jsonText(first.expected)],
      ['  candidate', first && jsonText(first.actual)],
      ['  ended', verdict === 'other_end' && recorded ? jsonText(recorded) : null],
      ['  would end', verdict === 'other_end' && candidate ? jsonText(candidate) : null],
      ...missing.map((one) => ['  would call', call(one)] as const),
      ...notCalled.map((one) => ['  would not call', call(one)] as const),
      ['  problem', problem === undefined ? null : plainText(problem)],
    ]),
  ];
};
