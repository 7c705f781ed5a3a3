import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { Pool } from 'pg';
import type { ProjectedRecord, Projection } from './projection.ts';

export type ProjectionState =
  | { readonly kind: 'running' }
  /** Waiting to try again from the checkpoint. */
  | { readonly kind: 'backing-off'; readonly problem: string; readonly failures: number }
  /** Stopped in front of a record that cannot be read, or of a log that is not the checkpoint's. Only a new build, a rebuild or an operator helps. */
  | { readonly kind: 'failing'; readonly code: 'TL0201' | 'TL0202'; readonly problem: string; readonly seq: number }
  | { readonly kind: 'stopped' };

export interface ProjectionStatus {
  readonly state: ProjectionState;
  /** Last log sequence whose rows are committed. */
  readonly seq: number;
  /** Last sequence on the log as last looked at; `lag` is the difference. */
  readonly headSeq: number;
  readonly lag: number;
  readonly batches: number;
  readonly records: number;
  readonly failures: number;
}

export interface RunnerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProjectionOptions {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly projection: Projection;
  /** Serving schema; default `projection.schema`. */
  readonly schema?: string;
  /** Records in one transaction at most; default 500. */
  readonly batchSize?: number;
  readonly onBatch?: (batch: readonly ProjectedRecord[]) => void;
  /** Runs one batch's transaction inside a span or a timer. */
  readonly aroundBatch?: (batch: readonly ProjectedRecord[], run: () => Promise<void>) => Promise<void>;
  readonly log?: RunnerLog;
}

export interface RunningProjection {
  status(): ProjectionStatus;
  /** True once rows up to `seq` are committed; false after `timeoutMs`. */
  caughtUpTo(seq: number, timeoutMs: number): Promise<boolean>;
  /** Finishes the batch in hand. */
  stop(): Promise<void>;
}

/** Never rejects and never throws later: whatever fails is shown in `status()` and tried again from the checkpoint. */
export declare const startProjection: (options: ProjectionOptions) => RunningProjection;
