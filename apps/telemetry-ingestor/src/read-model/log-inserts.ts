import type { LogRecord } from '@throughline/contracts';
import { jsonColumn, schemaOf, textColumn } from '@throughline/projections';
import type { Pool } from 'pg';
import type { Stored } from '../logs/log-writer.ts';

const TABLE = `${schemaOf('telemetry-ingestor')}.logs`;

/** Postgres' classes for data that does not fit: no later attempt will end otherwise. */
const isAboutData = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code);

/** In bulk; a line that was delivered twice is stored once. */
export const insertLogs = async (pool: Pool, lines: readonly LogRecord[]): Promise<Stored> => {
  try {
    await pool.query(
      `INSERT INTO ${TABLE} (tenant, id, at, level, domain, service, message, execution_id, correlation_id, step,
         traceparent, attributes)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
         $9::text[], $10::text[], $11::text[], $12::json[])
       ON CONFLICT (tenant, id) DO NOTHING`,
      [
        lines.map((line) => line.tenant),
        lines.map((line) => textColumn(line.id)),
        lines.map((line) => line.at),
        lines.map((line) => line.level),
        lines.map((line) => line.domain),
        lines.map((line) => textColumn(line.service)),
        lines.map((line) => textColumn(line.message)),
        lines.map((line) => line.executionId ?? null),
        lines.map((line) => line.correlationId ?? null),
        lines.map((line) => textColumn(line.step ?? null)),
        lines.map((line) => line.traceparent ?? null),
        lines.map((line) => jsonColumn(line.attributes ?? {})),
      ],
    );
    return { kind: 'stored' };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { kind: isAboutData(error) ? 'unstorable' : 'unavailable', problem };
  }
};
