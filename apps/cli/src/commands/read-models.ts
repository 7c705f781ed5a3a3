import { type ReadModelDigest, type ServiceName, SERVICES } from '@throughline/contracts';
import { z } from 'zod';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import type { Terminal } from '../terminal.ts';

const serviceOf = (name: string): ServiceName => {
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
  show(terminal, await client.rebuild(serviceOf(service), batchSize === undefined ? {} : { batchSize }));
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
