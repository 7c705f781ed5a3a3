import type { ScheduleRequest } from '@throughline/client';
import { OVERLAPS, type Overlap, type ScheduleTiming, type ScheduleView } from '@throughline/contracts';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import { jsonArgument } from '../json-argument.ts';
import { plainText } from '../terminal.ts';
import { jsonText, statusWord } from '../wording.ts';
import { labelsOf } from './executions.ts';

export interface PutOptions {
  readonly workflow: string;
  readonly workflowVersion?: number;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly every?: string;
  readonly from?: string;
  readonly input?: string;
  readonly label?: readonly string[];
  readonly overlap?: string;
  readonly catchUp?: number;
  readonly description?: string;
}

const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `15m`, `2h`, `1d`. */
const secondsOf = (text: string): number => {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? [];
  if (amount === undefined) throw new UsageError(`--every is a time such as 90s, 15m, 2h or 1d, not ${text}`);
  return Number(amount) * (SECONDS_OF[unit] ?? 1);
};

const timingOf = ({ cron, timeZone, every, from }: PutOptions): ScheduleTiming => {
  if ((cron === undefined) === (every === undefined)) throw new UsageError('give either --cron or --every');
  if (cron !== undefined) {
    return { kind: 'cron', expression: cron, ...(timeZone === undefined ? {} : { timeZone }) };
  }
  const began = from === undefined ? undefined : new Date(from);
  if (began && Number.isNaN(began.getTime())) throw new UsageError(`--from is an instant, not ${from}`);
  return {
    kind: 'interval',
    everySeconds: secondsOf(every ?? ''),
    // Checked above; toISOString writes what the brand stands for.
    ...(began ? { from: began.toISOString() as never } : {}),
  };
};

const overlapOf = (text: string): Overlap => {
  const overlap = OVERLAPS.find((one) => one === text.replaceAll('-', '_'));
  if (!overlap) throw new UsageError(`--overlap is one of ${OVERLAPS.join(', ')}`);
  return overlap;
};

export const putSchedule = async (cli: Invocation, id: string, options: PutOptions): Promise<ExitCode> => {
  const { workflow, workflowVersion, input, label, overlap, catchUp, description } = options;
  const request: ScheduleRequest = {
    workflow,
    timing: timingOf(options),
    ...(workflowVersion === undefined ? {} : { version: workflowVersion }),
    ...(input === undefined ? {} : { input: jsonArgument(input) }),
    ...(label === undefined ? {} : { labels: labelsOf(label) }),
    ...(overlap === undefined ? {} : { overlap: overlapOf(overlap) }),
    ...(catchUp === undefined ? {} : { catchUpSeconds: catchUp }),
    ...(description === undefined ? {} : { description }),
  };
  return show(cli, await cli.client.schedules.put(id, request));
};

const timingText = (timing: ScheduleTiming): string =>
  timing.kind === 'cron'
    ? `${timing.expression} (${timing.timeZone ?? 'UTC'})`
    : `every ${timing.everySeconds} s${timing.from === undefined ? '' : ` from ${timing.from}`}`;

const lastText = ({ last: [run] }: ScheduleView): string =>
  run ? `${run.outcome} ${run.instant}${run.why === null ? '' : ` (${run.why})`}` : '';

const show = ({ terminal }: Invocation, view: ScheduleView): ExitCode => {
  if (terminal.json) {
    terminal.document(view);
    return EXIT.ok;
  }
  const version = view.workflow.version === null ? '' : ` v${view.workflow.version}`;
  const labels = Object.entries(view.labels).map(([name, value]) => `${name}=${value}`);
  terminal.lines(
    fieldLines(terminal, [
      ['schedule', view.id],
      ['status', statusWord(terminal, view.status)],
      ['workflow', `${plainText(view.workflow.name)}${version}`],
      ['timing', plainText(timingText(view.timing))],
      ['overlap', view.overlap],
      ['catch up', `${view.catchUpSeconds} s`],
      ['next', view.next.length === 0 ? null : view.next.join('  ')],
      ['running', view.running.length === 0 ? null : view.running.map(({ executionId }) => executionId).join(' ')],
      ['queued', view.queued?.instant],
      ['requested', `${view.counts.requested}, skipped ${view.counts.skipped}, missed ${view.counts.missed}`],
      ['labels', labels.length === 0 ? null : plainText(labels.join(' '))],
      ['input', jsonText(view.input)],
      ['description', view.description === null ? null : plainText(view.description)],
    ]),
  );
  if (view.last.length > 0) {
    const rows = view.last.map((run) => [
      run.instant,
      run.cause,
      statusWord(terminal, run.outcome),
      run.executionId,
      plainText(run.why ?? [run.code, run.message].filter(Boolean).join(': ')),
    ]);
    terminal.line('');
    terminal.lines(tableLines(terminal, ['INSTANT', 'CAUSE', 'OUTCOME', 'EXECUTION', 'WHY'], rows));
  }
  return EXIT.ok;
};

export interface ListOptions {
  readonly status?: string;
  readonly workflow?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export const listSchedules = async ({ client, terminal }: Invocation, options: ListOptions): Promise<ExitCode> => {
  const { status, ...query } = options;
  if (status !== undefined && status !== 'active' && status !== 'paused') {
    throw new UsageError('--status is active or paused');
  }
  const page = await client.schedules.list({ ...query, ...(status === undefined ? {} : { status }) });
  if (terminal.json) {
    terminal.document(page);
    return EXIT.ok;
  }
  const rows = page.items.map((view) => [
    view.id,
    statusWord(terminal, view.status),
    plainText(view.workflow.name),
    plainText(timingText(view.timing)),
    view.next[0] ?? '',
    String(view.running.length),
    lastText(view),
  ]);
  terminal.lines(tableLines(terminal, ['SCHEDULE', 'STATUS', 'WORKFLOW', 'TIMING', 'NEXT', 'RUNNING', 'LAST'], rows));
  if (page.nextCursor !== null) terminal.line(terminal.style('dim', `more: --cursor ${page.nextCursor}`));
  return EXIT.ok;
};

export const getSchedule = async (cli: Invocation, id: string): Promise<ExitCode> =>
  show(cli, await cli.client.schedules.get(id));

export const pauseSchedule = async (cli: Invocation, id: string, options: { reason?: string }): Promise<ExitCode> =>
  show(cli, await cli.client.schedules.pause(id, options));

export const resumeSchedule = async (cli: Invocation, id: string, options: { reason?: string }): Promise<ExitCode> =>
  show(cli, await cli.client.schedules.resume(id, options));

export const removeSchedule = async (cli: Invocation, id: string): Promise<ExitCode> =>
  show(cli, await cli.client.schedules.delete(id));

export const triggerSchedule = async (
  { client, terminal }: Invocation,
  id: string,
  options: { reason?: string },
): Promise<ExitCode> => {
  const triggered = await client.schedules.trigger(id, options);
  if (terminal.json) terminal.document(triggered);
  else terminal.line(triggered.queued ? `queued: ${triggered.executionId}` : triggered.executionId);
  return EXIT.ok;
};
