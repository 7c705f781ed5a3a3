import type { AggregateRef, Commit, CommitDraft } from '@throughline/contracts';

/** The log as the engine sees it: fenced appends to one aggregate, ordered reads of one aggregate. */
export interface EventLog {
  /**
   * Appends each draft under its own fence (`prevSeq`). Independent of each other: one refused does not undo another.
   * Resolves when every one is known to be stored or refused; an ack that got lost has been looked up on the log.
   */
  append(drafts: readonly CommitDraft[]): Promise<readonly AppendOutcome[]>;
  /** Commits of one aggregate in order, from version `fromVersion` (default 1). Empty where there is none. */
  read(ref: AggregateRef, options?: ReadOptions): Promise<AggregateRead>;
  /** The last commit of one aggregate alone. Empty where there is none. */
  last(ref: AggregateRef): Promise<AggregateRead>;
  /** Bytes stored and allowed: starts are refused early, before the log is full. */
  room(): Promise<{ bytes: number; bytesMax: number }>;
}

export interface ReadOptions {
  /** Read from this stream sequence on (inclusive): what follows a state that is already folded. */
  readonly fromSeq?: number;
  /** Stop after this version. */
  readonly toVersion?: number;
}

/** A commit with its place on the log. */
export interface LoggedCommit<C extends Commit = Commit> {
  readonly commit: C;
  readonly seq: number;
  /** What stands on the log, where an older build wrote it in an older form: `commit` is in today's. */
  readonly asWritten?: unknown;
  /** When the broker stored it, RFC 3339. */
  readonly storedAt: string;
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly seq: number; readonly commit: Commit }
  /** Another commit took the version. The caller folds again and decides again. */
  | { readonly kind: 'conflict' }
  /** More than the server takes in one message: it never will be stored. */
  | { readonly kind: 'too-large'; readonly problem: string }
  /** Not stored, or not known to be: the caller must not answer with acceptance. */
  | { readonly kind: 'unavailable'; readonly problem: string };

export type AggregateRead =
  | { readonly kind: 'commits'; readonly commits: readonly LoggedCommit[] }
  /** A record that this build cannot read: the aggregate cannot be decided on. */
  | { readonly kind: 'unreadable'; readonly code: 'TL0201' | 'TL0202'; readonly seq: number; readonly problem: string };
