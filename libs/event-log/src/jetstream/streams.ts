import type { AggregateRef, StreamName } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';

export interface StreamsOptions {
  /** Command partitions; 1 today. */
  readonly partitions?: number;
  /** Servers that hold each stream: 1, or 3 in a cluster. */
  readonly replicas?: number;
  readonly bytesMax?: Readonly<Partial<Record<StreamName, number>>>;
}

export type StreamsCheck =
  | { readonly kind: 'ready'; readonly created: readonly StreamName[]; readonly updated: readonly StreamName[] }
  | { readonly kind: 'unfit'; readonly code: 'TL0206'; readonly problem: string };

export interface StreamWatch {
  stop(): Promise<void>;
}
export interface StreamWatchOptions extends StreamsOptions {
  readonly everyMs?: number;
  onRecreated(streams: readonly StreamName[]): void;
  onProblem(problem: string): void;
}

/** Creates what is missing, updates what may be updated, and checks every field that was asked for. Throws only where the server cannot be reached. */
export declare const ensureStreams: (nc: NatsConnection, options?: StreamsOptions) => Promise<StreamsCheck>;
/** Brings back, at run time, streams that somebody deleted. Never the log: a log that vanished is a disaster, not a gap to paper over. */
export declare const watchStreams: (nc: NatsConnection, options: StreamWatchOptions) => StreamWatch;
/** The stream that holds an aggregate's commits: one today, segments and shards later. */
export declare const streamFor: (ref: AggregateRef) => StreamName;

export interface LogPosition {
  readonly stream: StreamName;
  /** When the stream was created: with the sequence it names a position that a re-created stream cannot fake. */
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: number;
  readonly bytesMax: number;
}
export declare const logPosition: (nc: NatsConnection) => Promise<LogPosition>;
