import type { NatsConnection } from './connection.ts';

export const SERVER_VERSION_MIN = '2.15.1';

export type ServerCheck =
  | { readonly kind: 'fits'; readonly version: string }
  | { readonly kind: 'unfit'; readonly code: 'TL0205'; readonly problem: string };

export interface ServerCheckOptions {
  /** `http://host:port` of the server's monitor, where it is reachable. */
  readonly monitorUrl?: string;
  /** Production: a server that acks before its fsync is refused. Needs `monitorUrl`. */
  readonly requireSyncAlways?: boolean;
}

export declare const checkServerVersion: (version: string) => ServerCheck;
export declare const checkServer: (nc: NatsConnection, options?: ServerCheckOptions) => Promise<ServerCheck>;
