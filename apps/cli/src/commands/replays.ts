import {
  type Divergence,
  REPLAY_KINDS,
  REPLAY_MODES,
  REPLAY_STATUSES,
  REPLAY_VERDICTS,
  type ReplayResult,
  type ReplaySessionView,
} from '@throughline/contracts';
import type { Command } from 'commander';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation, Run } from '../invocation.ts';
import { plainText, type Terminal } from '../terminal.ts';
import { durationText, jsonText, statusWord } from '../wording.ts';

export const replayCommands = (program: Command, run: Run, wholeNumber: (text: string) => number): void => {
  program
    .command('replay [id]')
    .description('decide again from the log and compare byte for byte; exit 1 when divergent')
    .option('--mode <mode>', REPLAY_MODES.join(', '))
    .option('--from-step <state>', 'from the first entry of this state on')
    .option('--frame <frame>', 'with --from-step: in this frame')
    .option('--visit <n>', 'with --from-step: this visit', wholeNumber)
    .option(
      '--re-execute',
      'run the steps again, in an execution of its own; only pure ones, the record answers the others',
    )
    .option('--live', 'with --re-execute: idempotent steps run too, under their original keys')
    .option('--allow-external', 'with --live: so do external ones')
    .option('--all', 'everything that is on the log instead')
    .option('--since <time>', 'with --all: only what was stored since then, RFC 3339')
    .action(run(replay));
  const replays = program.command('replays').description('replay sessions and what they found');
  replays
    .command('ls')
    .description('newest first')
    .option('--execution <id>')
    .option('--status <status>', REPLAY_STATUSES.join(', '))
    .option('--verdict <verdict>', REPLAY_VERDICTS.join(' or '))
    .option('--kind <kind>', REPLAY_KINDS.join(' or '))
    .option('--limit <n>', 'how many', wholeNumber)
    .option('--cursor <cursor>', 'go on where a list ended')
    .action(run(listReplays));
  replays.command('show <session>').description('one, step by step; exit 1 when divergent').action(run(showReplay));
};

interface ReplayOptions {
  readonly mode?: string;
  readonly fromStep?: string;
  readonly frame?: string;
  readonly visit?: number;
  readonly reExecute?: boolean;
  readonly live?: boolean;
  readonly allowExternal?: boolean;
  readonly all?: boolean;
  readonly since?: string;
}

const oneOf = <T extends string>(name: string, known: readonly T[], text: string | undefined): T | undefined => {
  const found = known.find((one) => one === text?.replaceAll('-', '_') || one === text);
  if (text !== undefined && found === undefined) throw new UsageError(`--${name} is one of ${known.join(', ')}`);
  return found;
};

export const replay = async (cli: Invocation, id: string | undefined, options: ReplayOptions): Promise<ExitCode> => {
  const { fromStep: state, frame, visit, all = false, since } = options;
  if (all === (id !== undefined)) throw new UsageError('name an execution, or say --all');
  if (since !== undefined && !all) throw new UsageError('--since is for --all');
  if (state === undefined && (frame !== undefined || visit !== undefined)) {
    throw new UsageError('--frame and --visit are for --from-step');
  }
  if (id === undefined) return replayAll(cli, since);
  const mode = oneOf('mode', REPLAY_MODES, options.mode) ?? (state === undefined ? undefined : 'from_step');
  const session = await cli.client.replay(id, {
    onProgress: notingProgress(cli.terminal),
    ...(mode === undefined ? {} : { mode }),
    ...runOptions(options),
    ...(state === undefined
      ? {}
      : { fromStep: { state, ...(frame === undefined ? {} : { frame }), ...(visit === undefined ? {} : { visit }) } }),
  });
  return show(cli.terminal, session);
};

const runOptions = ({ reExecute, live, allowExternal }: ReplayOptions) => {
  if (!reExecute && (live || allowExternal)) throw new UsageError('--live and --allow-external are for --re-execute');
  if (allowExternal && !live) throw new UsageError('--allow-external is for --live');
  return {
    ...(reExecute ? { kind: 're-execute' as const } : {}),
    ...(live ? { live: true as const } : {}),
    ...(allowExternal ? { allowExternal: true as const } : {}),
  };
};

const replayAll = async ({ client, terminal }: Invocation, text: string | undefined): Promise<ExitCode> => {
  const since = text === undefined ? undefined : new Date(text);
  if (since && Number.isNaN(since.getTime())) throw new UsageError(`--since is an instant, not ${text}`);
  // toISOString writes what the brand stands for.
  const begun = await client.replays.beginAll(since ? { since: since.toISOString() as never } : {});
  return show(terminal, await client.replays.wait(begun, { onProgress: notingProgress(terminal) }));
};

/** On a terminal only, a tenth at a time: who reads a file or a pipe wants the answer alone. */
const notingProgress = (terminal: Terminal): ((session: ReplaySessionView) => void) => {
  let noted = -1;
  return (session) => {
    if (terminal.json || terminal.columns === undefined) return;
    if (session.status !== 'running' || !session.progress) return;
    const { commits, of } = session.progress;
    const tenths = Math.floor((10 * commits) / Math.max(1, of));
    if (tenths > noted) terminal.line(terminal.style('dim', `${commits} of ${of} commits`));
    noted = Math.max(noted, tenths);
  };
};

const placeText = ({ commit, event, step, pointer }: Divergence): string => {
  const state = step ? ` ${plainText(step.state)} (${step.frame}/${step.visit})` : '';
  return `commit ${commit}${event === undefined ? '' : ` event ${event}`}${state} ${plainText(pointer)}`;
};

const aboutText = ({ executionId, kind, mode, fromStep }: ReplaySessionView): string =>
  `${executionId ?? 'everything'}, ${kind} ${mode}${fromStep ? ` ${plainText(fromStep.state)}` : ''}`;

const show = (terminal: Terminal, session: ReplaySessionView): ExitCode => {
  if (terminal.json) terminal.document(session);
  else terminal.lines(sessionLines(terminal, session));
  if (session.status === 'failed') return EXIT.bad;
  return session.status === 'completed' && session.result.verdict === 'divergent' ? EXIT.bad : EXIT.ok;
};

const sessionLines = (terminal: Terminal, session: ReplaySessionView): readonly string[] => {
  const about: [string, string | null | undefined][] = [
    ['replayed', aboutText(session)],
    ['session', `${session.id} ${statusWord(terminal, session.status)}`],
  ];
  switch (session.status) {
    case 'pending':
      return fieldLines(terminal, about);
    case 'running': {
      const { progress } = session;
      return fieldLines(terminal, [...about, ['so far', progress && `${progress.commits} of ${progress.of} commits`]]);
    }
    case 'failed':
      return fieldLines(terminal, [
        ...about,
        ['because', `${session.error.code}: ${plainText(session.error.message)}`],
      ]);
    case 'completed':
      return [
        ...fieldLines(terminal, [
          ...about,
          ['took', durationText(session.startedAt, session.endedAt)],
          ...resultFields(terminal, session.result),
        ]),
        ...stepLines(terminal, session.result),
        ...logLines(terminal, session.result),
      ];
  }
};

const resultFields = (terminal: Terminal, result: ReplayResult): [string, string | null | undefined][] => {
  const first = result.firstDivergence;
  return [
    ['verdict', statusWord(terminal, result.verdict)],
    ['match', `${result.matchPercent}% of ${result.events} events in ${result.commits} commits`],
    ['up to', result.running && `commit ${result.atCommit ?? 0}: the execution has not ended`],
    ['diverges at', first && placeText(first)],
    ['because', first && plainText(first.reason)],
    [result.reExecution ? 'recorded' : 'decided now', first && jsonText(first.expected)],
    [result.reExecution ? 'done now' : 'recorded', first && jsonText(first.actual)],
    ['ran again in', result.reExecution],
  ];
};

const stepLines = (terminal: Terminal, { steps = [], truncated }: ReplayResult): readonly string[] => {
  if (steps.length === 0) return [];
  const rows = steps.map(({ state, frame, visit, verdict, commit, pointer, expected, actual }) => [
    plainText(state),
    `${frame}/${visit}`,
    statusWord(terminal, verdict),
    commit === undefined ? '' : `commit ${commit} ${plainText(pointer ?? '')}`,
    expected === undefined && actual === undefined ? '' : `${jsonText(expected) ?? ''} / ${jsonText(actual) ?? ''}`,
  ]);
  return [
    '',
    ...tableLines(terminal, ['STEP', 'VISIT', 'VERDICT', 'WHERE', 'EXPECTED / ACTUAL'], rows),
    ...(truncated ? [terminal.style('dim', 'more steps are not listed')] : []),
  ];
};

const logLines = (terminal: Terminal, { log }: ReplayResult): readonly string[] => {
  if (!log) return [];
  const rows = Object.entries(log.aggregates).map(([aggregate, { total, identical, commits }]) => [
    aggregate,
    String(total),
    String(identical),
    String(commits),
  ]);
  return [
    '',
    ...tableLines(terminal, ['AGGREGATE', 'TOTAL', 'IDENTICAL', 'COMMITS'], rows),
    `merged commits: ${log.mergedCommits}, of several actors: ${log.mergedActors}; unreadable records: ${log.unreadable}`,
    ...log.divergent.map(({ aggregate, id, seq, firstDivergence, problem }) => {
      const why = firstDivergence ? `${placeText(firstDivergence)}: ${firstDivergence.reason}` : (problem ?? '');
      return `${statusWord(terminal, 'divergent')} ${aggregate} ${plainText(id)} at ${seq}: ${plainText(why)}`;
    }),
  ];
};

interface ListOptions {
  readonly execution?: string;
  readonly status?: string;
  readonly verdict?: string;
  readonly kind?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export const listReplays = async ({ client, terminal }: Invocation, options: ListOptions): Promise<ExitCode> => {
  const status = oneOf('status', REPLAY_STATUSES, options.status);
  const verdict = oneOf('verdict', REPLAY_VERDICTS, options.verdict);
  const kind = oneOf('kind', REPLAY_KINDS, options.kind);
  const page = await client.replays.list({
    // The schema checks that it is an id.
    ...(options.execution === undefined ? {} : { executionId: options.execution as never }),
    ...(status === undefined ? {} : { status }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(kind === undefined ? {} : { kind }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
  });
  if (terminal.json) {
    terminal.document(page);
    return EXIT.ok;
  }
  const rows = page.items.map((session) => [
    session.id,
    session.at,
    session.executionId ?? 'everything',
    `${session.kind} ${session.mode}`,
    statusWord(terminal, session.status),
    session.status === 'completed' ? statusWord(terminal, session.result.verdict) : '',
    session.status === 'completed' ? `${session.result.matchPercent}%` : '',
    session.by.id,
  ]);
  terminal.lines(
    tableLines(terminal, ['SESSION', 'AT', 'EXECUTION', 'KIND', 'STATUS', 'VERDICT', 'MATCH', 'BY'], rows),
  );
  if (page.nextCursor !== null) terminal.line(terminal.style('dim', `more: --cursor ${page.nextCursor}`));
  return EXIT.ok;
};

export const showReplay = async ({ client, terminal }: Invocation, id: string): Promise<ExitCode> =>
  // The schema checks that it is an id.
  show(terminal, await client.replays.get(id as never));
