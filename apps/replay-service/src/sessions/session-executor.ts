import type { Actor, AggregateId, ReplayProgress, ReplayRequest, ReplayResult, Tenant } from '@throughline/contracts';

/** A session as whoever works on it sees it. */
export interface SessionToRun {
  readonly tenant: Tenant;
  readonly id: AggregateId;
  readonly request: ReplayRequest;
  readonly by: Actor;
  /** 1 for the first; more where a process went away in the middle. */
  readonly attempt: number;
}

export interface RunContext {
  /** How far it is: shown to whoever asks. */
  report(progress: ReplayProgress): void;
  /** Aborted where the session is no longer this process's, or the process stops. */
  readonly signal: AbortSignal;
}

/** What is left to do once a request was found to be possible. */
export type PreparedRun = (session: SessionToRun, context: RunContext) => Promise<ReplayResult>;

/**
 * What sessions of one kind do. A process may go away at any time, and another one begins again: whatever a run does
 * outside of this process has to be the same when it is done twice.
 */
export interface SessionExecutor {
  /** Sessions that run at once in this process, and requests that may wait for one of them to end. */
  readonly slots: { readonly running: number; readonly waiting: number };
  /** Refuses, by throwing, what cannot be done: nothing is recorded of it. */
  prepare(tenant: Tenant, request: ReplayRequest): Promise<PreparedRun>;
}
