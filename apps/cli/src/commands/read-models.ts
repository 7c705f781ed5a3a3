import { type ReadModelDigest, type RebuildReport, type ServiceName, SERVICES } from '@throughline/contracts';
import { z } from 'zod';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import type { Terminal } from '../terminal.ts';

export const serviceOf = (name: string): ServiceName => {
  const parsed = z.enum(SERVICES).safeParse(name);
  if (parsed.success) return parsed.data;
  throw new UsageError(`a service is one of ${SERVICES.join(', ')}`);
};

export const rebuildReadModel = async (
  { client, terminal }: Invocation,
  service: string,
  options: { batchSize?: number },
): Promise<ExitCode> => {
  const { batchSize } = options;
  showRebuild(terminal, await client.rebuild(serviceOf(service), batchSize === undefined ? {} : { batchSize }));
  return EXIT.ok;
};

export const digestReadModel = async ({ client, terminal }: Invocation, service: string): Promise<ExitCode> => {
  show(terminal, await client.digest(serviceOf(service)));
  return EXIT.ok;
};

const show = (terminal: Terminal, digest: ReadModelDigest): void => {
  if (terminal.json) {
    terminal.document(digest);
    return;
  }
  const rows = Object.entries(digest.tables).flatMap(([table, { rows: count, columns }]) =>
    Object.entries(columns).map(([column, hash]) => [table, String(count), column, hash]),
  );
  terminal.line(`${digest.service}, projected up to log sequence ${digest.seq}`);
  terminal.lines(tableLines(terminal, ['TABLE', 'ROWS', 'COLUMN', 'SHA-256'], rows));
};

const showRebuild = (terminal: Terminal, report: RebuildReport): void => {
  if (terminal.json) {
    terminal.document(report);
    return;
  }
  const { service, before, after, tables } = report;
  terminal.line(`${service}, rebuilt up to log sequence ${after.seq}`);
  const rows = Object.entries(after.tables).flatMap(([table, { columns }]) =>
    Object.entries(columns).map(([column, hash]) => [
      table,
      column,
      before?.tables[table]?.columns[column] ?? '-',
      hash,
    ]),
  );
  terminal.lines(tableLines(terminal, ['TABLE', 'COLUMN', 'BEFORE', 'AFTER'], rows));
  for (const [table, is] of Object.entries(tables)) {
    const counts = [before?.tables[table]?.rows ?? 0, after.tables[table]?.rows ?? 0];
    terminal.line(`${table}: ${is} (${counts.join(' rows before, ')} after)`);
  }
  if (before && before.seq !== after.seq) {
    terminal.line(`the tables before were as of log sequence ${before.seq}: what came since makes a difference too`);
  }
};
