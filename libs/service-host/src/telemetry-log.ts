import type { LogRecord, Tenant } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';

export type LogLine = Omit<LogRecord, 'v' | 'id' | 'at' | 'service' | 'tenant'>;

/** Sends log records without ever making its caller wait: a bounded buffer that counts what it had to drop. */
export declare class TelemetryLog {
  constructor(
    nc: NatsConnection,
    options: { readonly service: string; readonly linesMax?: number; readonly flushEveryMs?: number },
  );
  write(tenant: Tenant, line: LogLine): void;
  readonly dropped: number;
  readonly sent: number;
  /** Sends what is buffered, within `timeoutMs`. */
  close(timeoutMs?: number): Promise<void>;
}
