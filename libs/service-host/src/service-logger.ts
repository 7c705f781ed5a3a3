import type { LoggerService } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { HostConfig } from './host-config.ts';

/** JSON lines on stdout, each with the trace that it belongs to. */
export const createLogger = (config: Pick<HostConfig, 'service' | 'logLevel'>): Logger =>
  pino({
    level: config.logLevel,
    base: { service: config.service },
    timestamp: stdTimeFunctions.isoTime,
    mixin: () => {
      const span = trace.getActiveSpan();
      if (!span) return {};
      const { traceId, spanId } = span.spanContext();
      return { traceId, spanId };
    },
  });

/** Nest's own lines through the same logger. Its boot chatter is debug; its warnings and errors keep their level. */
export const nestLogger = (logger: Logger): LoggerService => {
  const at =
    (level: 'debug' | 'trace' | 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]): void => {
      const context = rest.at(-1);
      const fields = { nest: typeof context === 'string' ? context : undefined };
      if (message instanceof Error) logger[level]({ ...fields, err: message }, message.message);
      else logger[level]({ ...fields, stack: rest.length > 1 ? rest[0] : undefined }, String(message));
    };
  return {
    log: at('debug'),
    debug: at('debug'),
    verbose: at('trace'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
  };
};
