import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { LogBuffer } from './logs/log-buffer.ts';
import { traceLogBatch } from './logs/log-spans.ts';
import { LogWriter } from './logs/log-writer.ts';
import { insertLogs } from './read-model/log-inserts.ts';

/** The writer from the buffer into Postgres, traced and logged. */
export const startLogWriter = (buffer: LogBuffer, pool: Pool, logger: Logger): LogWriter =>
  new LogWriter(buffer, {
    store: (batch) => traceLogBatch(batch, () => insertLogs(pool, batch)),
    onProblem: (problem, fields) => logger.warn(fields, problem),
  });
