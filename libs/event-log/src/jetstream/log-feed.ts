import type { NatsConnection } from './connection.ts';

export interface FeedRecord {
  readonly seq: number;
  readonly subject: string;
  /** RFC 3339, milliseconds. */
  readonly storedAt: string;
  readonly bytes: Uint8Array;
}

export interface LogFeedOptions {
  /** Shown in the server's consumer list, e.g. `audit-service`. */
  readonly name: string;
  /** First sequence to deliver: checkpoint + 1. */
  readonly fromSeq: number;
  /** Default: the whole log. */
  readonly filterSubject?: string;
  readonly batchMax: number;
  /** Where the checkpoint names the stream's creation time: another stream is refused. */
  readonly created?: string;
}

export interface LogFeed {
  /** The stream's creation time, for the checkpoint. */
  readonly created: string;
  /** Up to `maxMessages` records in order, as soon as there is one; empty after `idleMs` without any, or when `signal` aborts. */
  next(options: {
    readonly maxMessages?: number;
    readonly idleMs: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly FeedRecord[]>;
  close(): Promise<void>;
}

/** The log under the feed is another one than before, so no checkpoint fits it. */
export class LogReplacedError extends Error {
  readonly code = 'TL0202';
  override readonly name = 'LogReplacedError';
}

export declare const openLogFeed: (nc: NatsConnection, options: LogFeedOptions) => Promise<LogFeed>;
