import type { StartRequest } from '@throughline/client';
import {
  attributesSchema,
  type ExecutionView,
  executionStatusSchema,
  type Json,
  MODES,
  PRIORITIES,
  SLA_CLASSES,
  TAG_FILTERS,
} from '@throughline/contracts';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { dryRun } from './dry-run.ts';
import { allItems, type Invocation } from '../invocation.ts';
import { showAdvice } from './errors.ts';
import { jsonArgument } from '../json-argument.ts';
import { plainText } from '../terminal.ts';
import { awsEventDetail, durationText, eventDetail, executionLines, progressLine, statusWord } from '../wording.ts';

export interface StartOptions {
  readonly input?: string;
  readonly id?: string;
  readonly idempotencyKey?: string;
  readonly correlation?: string;
  readonly workflowVersion?: number;
  readonly label?: readonly string[];
  readonly preflight?: boolean;
  readonly sla?: string;
  readonly mode?: string;
  readonly priority?: string;
  readonly attributes?: string;
  readonly until?: string;
  readonly dryRun?: boolean;
  readonly answers?: string;
  readonly recorded?: string;
  readonly notBefore?: string;
  readonly wait?: boolean;
}

export const startExecution = async (cli: Invocation, workflow: string, options: StartOptions): Promise<ExitCode> => {
  if (options.dryRun) return dryRun(cli, workflow, options);
  if (options.answers !== undefined || options.recorded !== undefined) {
    throw new UsageError('--answers and --recorded are for --dry-run');
  }
  const request: StartRequest = {
    ...(options.input === undefined ? {} : { input: jsonArgument(options.input) }),
    ...(options.id === undefined ? {} : { executionId: options.id }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    ...(options.correlation === undefined ? {} : { correlationId: options.correlation }),
    ...(options.workflowVersion === undefined ? {} : { version: options.workflowVersion }),
    ...(options.preflight ? { preflight: 'required' } : {}),
    ...chosen('sla', SLA_CLASSES, options.sla),
    ...chosen('mode', MODES, options.mode),
    ...chosen('priority', PRIORITIES, options.priority),
    ...(options.label === undefined ? {} : { labels: labelsOf(options.label) }),
    ...(options.attributes === undefined ? {} : { attributes: attributesOf(jsonArgument(options.attributes)) }),
    ...(options.until === undefined ? {} : { until: options.until }),
    ...(options.notBefore === undefined ? {} : { notBefore: instantOf(options.notBefore) }),
  };
  const started = await cli.client.start(workflow, request);
  const view = options.wait ? await cli.client.wait(started.id) : started;
  show(cli, view);
  await showAdvice(cli, view);
  return options.wait && view.status !== 'succeeded' ? EXIT.bad : EXIT.ok;
};

const chosen = <N extends string, T extends string>(
  name: N,
  allowed: readonly T[],
  text: string | undefined,
): { readonly [K in N]?: T } => {
  if (text === undefined) return {};
  const found = allowed.find((candidate) => candidate === text);
  if (found === undefined) throw new UsageError(`--${name} is one of ${allowed.join(', ')}`);
  // One key of that name, which TypeScript widens to any text.
  return { [name]: found } as { readonly [K in N]?: T };
};

const instantOf = (text: string): string => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new UsageError(`${text} is no time: write it as 2026-01-31T12:00:00Z`);
  return new Date(ms).toISOString();
};

export const attributesOf = (json: Json) => {
  const parsed = attributesSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new UsageError(`attributes are ${Object.keys(attributesSchema.shape).join(', ')}: ${parsed.error.message}`);
};

export const labelsOf = (pairs: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`a label is name=value, not ${pair}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );

const show = ({ terminal }: Invocation, view: ExecutionView): void => {
  if (terminal.json) terminal.document(view);
  else terminal.lines(executionLines(terminal, view));
};

export interface ListOptions {
  readonly status?: string;
  readonly workflow?: string;
  readonly correlation?: string;
  readonly label?: readonly string[];
  readonly where?: readonly string[];
  readonly limit?: number;
  readonly cursor?: string;
  readonly asOf?: string;
}

const tagsOf = (pairs: readonly string[]): Record<string, string> => {
  const tags = labelsOf(pairs);
  const unknown = Object.keys(tags).find((name) => !(TAG_FILTERS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new UsageError(`--where knows ${TAG_FILTERS.join(', ')}, not ${unknown}`);
  return tags;
};

export const listExecutions = async ({ client, terminal }: Invocation, options: ListOptions): Promise<ExitCode> => {
  const status = executionStatusSchema.optional().safeParse(options.status);
  if (!status.success) throw new UsageError(`--status is one of ${executionStatusSchema.options.join(', ')}`);
  const { workflow, limit, cursor } = options;
  const label = options.label === undefined ? undefined : [...options.label];
  const query = {
    status: status.data,
    workflow,
    correlationId: options.correlation,
    label,
    limit,
    cursor,
    as_of: options.asOf,
  };
  const page = await client.list({ ...query, ...tagsOf(options.where ?? []) });
  if (terminal.json) {
    terminal.document(page);
    return EXIT.ok;
  }
  const rows = page.items.map((view) => [
    view.id,
    statusWord(terminal, view.status),
    `${view.progress}%`,
    view.startedAt,
    durationText(view.startedAt, view.endedAt),
    `${plainText(view.workflow.name)} v${view.workflow.version}`,
    plainText(view.error ?? view.currentStep ?? ''),
  ]);
  const headings = ['EXECUTION', 'STATUS', 'DONE', 'STARTED', 'TOOK', 'WORKFLOW', 'STEP OR ERROR'];
  terminal.lines(tableLines(terminal, headings, rows));
  if (page.nextCursor !== null) terminal.line(terminal.style('dim', `more: --cursor ${page.nextCursor}`));
  return EXIT.ok;
};

export const getExecution = async (cli: Invocation, id: string, options: { asOf?: string }): Promise<ExitCode> => {
  const view = await cli.client.get(id, options);
  show(cli, view);
  await showAdvice(cli, view);
  return EXIT.ok;
};

export const listSteps = async (
  { client, terminal }: Invocation,
  id: string,
  options: { asOf?: string },
): Promise<ExitCode> => {
  const items = await allItems((cursor) => client.steps(id, { cursor, as_of: options.asOf }));
  if (terminal.json) terminal.document({ items });
  else {
    const rows = items.map((step) => [
      plainText(step.state),
      statusWord(terminal, step.status),
      String(step.attempts),
      step.enteredAt,
      step.exitedAt === null ? '' : durationText(step.enteredAt, step.exitedAt),
      plainText(step.error === null ? '' : `${step.error}: ${step.cause ?? ''}`),
    ]);
    terminal.lines(tableLines(terminal, ['STATE', 'STATUS', 'ATTEMPTS', 'ENTERED', 'TOOK', 'ERROR'], rows));
  }
  return EXIT.ok;
};

/** A line per event until the execution ends; with --json each is one JSON document on its own line. */
export const watchExecution = async (
  { client, terminal }: Invocation,
  id: string,
  options: { after?: string },
): Promise<ExitCode> => {
  for await (const event of client.watch(id, options.after === undefined ? {} : { lastEventId: options.after })) {
    if (terminal.json) terminal.document(event);
    else terminal.line(progressLine(terminal, event));
  }
  return EXIT.ok;
};

export const showHistory = async (cli: Invocation, id: string, options: { aws?: boolean }): Promise<ExitCode> =>
  options.aws ? showAwsHistory(cli, id) : showEvents(cli, id);

const showAwsHistory = async ({ client, terminal }: Invocation, id: string): Promise<ExitCode> => {
  const events = await allItems((cursor) => client.awsHistory(id, { cursor }));
  // As AWS's own command answers.
  if (terminal.json) terminal.document({ events });
  else {
    const rows = events.map((event) => [
      String(event.id),
      String(event.previousEventId),
      event.timestamp,
      plainText(event.type),
      awsEventDetail(event),
    ]);
    terminal.lines(tableLines(terminal, ['ID', 'PREVIOUS', 'AT', 'TYPE', 'DETAIL'], rows));
  }
  return EXIT.ok;
};

const showEvents = async ({ client, terminal }: Invocation, id: string): Promise<ExitCode> => {
  const items = await allItems((cursor) => client.events(id, { cursor }));
  if (terminal.json) terminal.document({ items });
  else {
    const rows = items.map((event) => [
      event.event_id,
      event.timestamp,
      event.event_type,
      statusWord(terminal, event.status),
      eventDetail(event),
    ]);
    terminal.lines(tableLines(terminal, ['EVENT', 'AT', 'TYPE', 'STATUS', 'DETAIL'], rows));
  }
  return EXIT.ok;
};
