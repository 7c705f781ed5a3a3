import type { ServiceName } from '@throughline/contracts';

/** What every service reads from its environment, parsed once at boot and frozen. */
export interface HostConfig {
  readonly service: ServiceName;
  readonly host: string;
  readonly port: number;
  readonly natsUrl: string;
  /** The server's monitor, where it is reachable; with it boot refuses a server that acks before its fsync. */
  readonly natsMonitorUrl: string | undefined;
  readonly databaseUrl: string;
  readonly apiKeysFile: string;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}
/** Throws one error that names every variable that is missing or wrong. */
export declare const hostConfig: (
  service: ServiceName,
  env?: Readonly<Record<string, string | undefined>>,
) => HostConfig;
