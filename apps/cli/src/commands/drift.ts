import { type Drift, type DriftReport, type ServiceName, SERVICES } from '@throughline/contracts';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import { plainText, type Terminal } from '../terminal.ts';
import { serviceOf } from './read-models.ts';

export interface DriftFlags {
  readonly seconds?: number;
  readonly commits?: number;
  readonly cursor?: string;
}

/** One request folds for so long; a check without a budget of its own goes on until it is through. */
const SECONDS_A_REQUEST = 20;

export const checkDrift = async (
  cli: Invocation,
  service: string | undefined,
  flags: DriftFlags,
): Promise<ExitCode> => {
  if (service === undefined && flags.cursor !== undefined)
    throw new UsageError('a cursor belongs to one service: name it');
  const services = service === undefined ? SERVICES : [serviceOf(service)];
  const reports: DriftReport[] = [];
  for (const name of services) reports.push(await checkOne(cli, name, flags));
  show(cli.terminal, reports);
  return reports.some(hasDrifted) ? EXIT.bad : EXIT.ok;
};

const hasDrifted = ({ tables }: DriftReport): boolean => Object.values(tables).some(({ drifted }) => drifted > 0);

/** Goes on from report to report while the budget lasts; the last one has looked at everything that was folded. */
const checkOne = async (
  { client }: Invocation,
  service: ServiceName,
  { seconds, commits, cursor: from }: DriftFlags,
): Promise<DriftReport> => {
  const until = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1_000;
  let cursor = from;
  let folded = 0;
  for (;;) {
    const left = Math.max(1, Math.min(SECONDS_A_REQUEST, Math.ceil((until - Date.now()) / 1_000)));
    const report = await client.drift(service, {
      seconds: left,
      ...(commits === undefined ? {} : { commits: commits - folded }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    folded += report.commits;
    const isSpent = Date.now() >= until || (commits !== undefined && folded >= commits);
    if (report.nextCursor === null || isSpent) return { ...report, commits: folded };
    cursor = report.nextCursor;
  }
};

const show = (terminal: Terminal, reports: readonly DriftReport[]): void => {
  if (terminal.json) {
    terminal.document({ reports });
    return;
  }
  for (const report of reports) {
    terminal.line(summaryOf(report));
    const rows = report.drift.map((drift) => lineOf(drift));
    if (rows.length > 0) terminal.lines(tableLines(terminal, ['TABLE', 'ROW', 'FIELD', 'STORED', 'FOLDED'], rows));
    if (report.truncated) terminal.line('more rows differ than are listed');
    if (report.nextCursor !== null) {
      terminal.line(`go on with: throughline drift ${report.service} --cursor ${report.nextCursor}`);
    }
  }
};

const summaryOf = ({ service, complete, foldedSeq, servingSeq, commits, tables, undecided }: DriftReport): string => {
  const counts = Object.values(tables);
  const rows = counts.reduce((sum, table) => sum + table.rows, 0);
  const drifted = counts.reduce((sum, table) => sum + table.drifted, 0);
  const verdict = drifted === 0 ? 'no drift' : `${drifted} rows drifted`;
  const reach = complete
    ? `all ${rows} rows up to log sequence ${servingSeq}`
    : `${rows} rows up to log sequence ${foldedSeq} of ${servingSeq}, ${undecided} of them not decided yet`;
  return `${service}: ${verdict} (${reach}; ${commits} commits folded)`;
};

const lineOf = ({ table, key, problem, field, pointer, stored, folded }: Drift): readonly string[] => {
  const row = Object.values(key).map(plainText).join(' ');
  switch (problem) {
    case 'field':
      return [
        table,
        row,
        `${field ?? ''}${pointer === undefined ? '' : ` ${pointer}`}`,
        textOf(stored),
        textOf(folded),
      ];
    case 'missing':
      return [table, row, '', 'no row', 'a row'];
    case 'unexpected':
      return [table, row, '', 'a row', 'no row'];
    case 'missing_table':
      return [table, '', '', 'no table', ''];
    case 'missing_field':
      return [table, '', field ?? '', 'no column', ''];
  }
};

const textOf = (value: string | null | undefined): string =>
  value === null || value === undefined ? 'null' : plainText(value);
