export interface Check {
  readonly ok: boolean;
  readonly detail?: unknown;
}

export interface Counter {
  add(by?: number): void;
}

/** What /health/ready and /metrics show. Parts of a service add themselves at boot. */
export declare class ServiceStatus {
  /** Readiness: the service takes traffic while every check is ok. */
  addCheck(name: string, check: () => Check | Promise<Check>): void;
  /** Name in Prometheus form without the `throughline_` prefix. */
  gauge(name: string, help: string, read: () => number): void;
  /** Read at scrape time from a counter that is kept elsewhere. */
  counterOf(name: string, help: string, read: () => number): void;
  counter(name: string, help: string): Counter;
}
