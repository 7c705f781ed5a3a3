import { z } from 'zod';

const schema = z.object({
  /** Log lines in memory that are not stored yet; more are dropped and counted. */
  THROUGHLINE_LOG_LINES_MAX: z.coerce.number().int().min(1).max(1_000_000).default(20_000),
  /** Open event streams; one more is answered with TL0010. */
  THROUGHLINE_STREAMS_MAX: z.coerce.number().int().min(1).max(100_000).default(500),
  /** A reader of an event stream that takes nothing for so long is cut off, and resumes. */
  THROUGHLINE_READER_PATIENCE_SECONDS: z.coerce.number().positive().max(3_600).default(10),
});

export const TELEMETRY_CONFIG = Symbol('TelemetryConfig');

export interface TelemetryConfig {
  readonly logLinesMax: number;
  readonly streamsMax: number;
  readonly readerPatienceMs: number;
}

/** Parsed once at boot; a wrong variable stops the boot with its name. */
export const telemetryConfig = (env: Readonly<Record<string, string | undefined>> = process.env): TelemetryConfig => {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(`configuration: ${z.prettifyError(parsed.error)}`);
  return Object.freeze({
    logLinesMax: parsed.data.THROUGHLINE_LOG_LINES_MAX,
    streamsMax: parsed.data.THROUGHLINE_STREAMS_MAX,
    readerPatienceMs: parsed.data.THROUGHLINE_READER_PATIENCE_SECONDS * 1_000,
  });
};
