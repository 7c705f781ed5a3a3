import { type JetStreamManager, jetstreamManager, JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import {
  type Aggregate,
  type AggregateRef,
  partitionsIn,
  type StreamName,
  STREAMS,
  SUBJECT_FILTERS,
} from '@throughline/contracts';
import { decodeCommit } from '../commit-encoding.ts';
import type { LoggedCommit } from '../event-log.ts';
import type { NatsConnection } from './connection.ts';
import { getFromLeader, isJsError, JS_ERROR, jsApi, problemOf } from './js-api.ts';
import {
  type AskedStreamConfig,
  configDifferences,
  describeDifferences,
  isImmutable,
  streamConfigs,
  type StreamsOptions,
} from './stream-configs.ts';

export type { StreamsOptions };

export type StreamsCheck =
  | { readonly kind: 'ready'; readonly created: readonly StreamName[]; readonly updated: readonly StreamName[] }
  | { readonly kind: 'unfit'; readonly code: 'TL0206'; readonly problem: string };

type OneStream =
  { readonly kind: 'same' | 'created' | 'updated' } | { readonly kind: 'unfit'; readonly problem: string };

const infoOf = async (jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> => {
  try {
    return await jsm.streams.info(name);
  } catch (error) {
    if (isJsError(error, JS_ERROR.streamNotFound)) return undefined;
    throw error;
  }
};

/** The server refuses some configurations by words (no room, a cluster without enough servers): those are for the operator. */
const refusedBy = (name: string, error: unknown): OneStream => {
  if (!(error instanceof JetStreamApiError)) throw error;
  return { kind: 'unfit', problem: `${name}: the server refuses its configuration: ${error.message} (${error.code})` };
};

const echoed = (asked: AskedStreamConfig, info: StreamInfo, kind: 'created' | 'updated'): OneStream => {
  const differences = configDifferences(asked, { ...info.config });
  if (differences.length === 0) return { kind };
  return { kind: 'unfit', problem: `not echoed back as asked: ${describeDifferences(asked.name, differences)}` };
};

const ensureStream = async (jsm: JetStreamManager, asked: AskedStreamConfig): Promise<OneStream> => {
  try {
    const info = await infoOf(jsm, asked.name);
    if (!info) return echoed(asked, await jsm.streams.add(asked), 'created');
    const differences = configDifferences(asked, { ...info.config });
    if (differences.length === 0) return { kind: 'same' };
    const fixed = differences.filter(isImmutable);
    if (fixed.length > 0) {
      return {
        kind: 'unfit',
        problem: `cannot be changed on an existing stream: ${describeDifferences(asked.name, fixed)}`,
      };
    }
    return echoed(asked, await jsm.streams.update(asked.name, asked), 'updated');
  } catch (error) {
    return refusedBy(asked.name, error);
  }
};

/** Creates what is missing, updates what may be updated, and checks every field that was asked for. Throws only where the server cannot be reached. */
export const ensureStreams = async (nc: NatsConnection, options: StreamsOptions = {}): Promise<StreamsCheck> => {
  const jsm = await jetstreamManager(nc);
  const partitions = options.partitions ?? (await partitionsOf(nc));
  const created: StreamName[] = [];
  const updated: StreamName[] = [];
  for (const asked of streamConfigs({ ...options, partitions })) {
    const result = await ensureStream(jsm, asked);
    // streamConfigs takes its names from STREAMS, which the client's own type does not know.
    const name = asked.name as StreamName;
    if (result.kind === 'unfit') return { kind: 'unfit', code: 'TL0206', problem: result.problem };
    if (result.kind === 'created') created.push(name);
    if (result.kind === 'updated') updated.push(name);
  }
  return { kind: 'ready', created, updated };
};

/** Partitions that commands are dealt out to just now; undefined where the stream is not there. */
export const partitionsOf = async (nc: NatsConnection): Promise<number | undefined> => {
  const info = await infoOf(await jetstreamManager(nc, { checkAPI: false }), STREAMS.commands);
  return info && partitionsIn(info.config.subject_transform);
};

export interface StreamWatch {
  stop(): Promise<void>;
}
export interface StreamWatchOptions extends StreamsOptions {
  readonly everyMs?: number;
  onRecreated(streams: readonly StreamName[]): void;
  onProblem(problem: string): void;
}

const STREAMS_COUNT = Object.keys(STREAMS).length;

/** Brings back, at run time, streams that somebody deleted. Never the log: a log that vanished is a disaster, not a gap to paper over. */
export const watchStreams = (nc: NatsConnection, options: StreamWatchOptions): StreamWatch => {
  let stopped = false;
  let wake = (): void => {};
  /** As last seen: a stream that is made again deals out as it did, and as its sibling does. */
  let partitions = options.partitions;
  const look = async (): Promise<void> => {
    const { streams } = await jsApi<{ streams: readonly string[] | null }>(nc, 'STREAM.NAMES', {});
    if (partitions === undefined || (streams ?? []).length < STREAMS_COUNT) {
      partitions = options.partitions ?? (await partitionsOf(nc)) ?? partitions;
    }
    const missing = streamConfigs({ ...options, partitions }).filter(({ name }) => !(streams ?? []).includes(name));
    if (missing.length === 0) return;
    const jsm = await jetstreamManager(nc);
    const recreated: StreamName[] = [];
    for (const asked of missing) {
      if (asked.name === STREAMS.log) {
        options.onProblem(`${STREAMS.log} is gone: it is not made again, restore it from a backup`);
        continue;
      }
      const result = await ensureStream(jsm, asked);
      if (result.kind === 'unfit') options.onProblem(result.problem);
      // As above: the names come from STREAMS.
      else recreated.push(asked.name as StreamName);
    }
    if (recreated.length > 0) options.onRecreated(recreated);
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      await look().catch((error: unknown) => options.onProblem(`streams cannot be checked: ${problemOf(error)}`));
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, options.everyMs ?? 1_000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
};

/** The stream that holds an aggregate's commits: one today, segments and shards later. */
export const streamFor = (_ref: AggregateRef): StreamName => STREAMS.log;

export interface LogPosition {
  readonly stream: StreamName;
  /** When the stream was created: with the sequence it names a position that a re-created stream cannot fake. */
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: number;
  readonly bytesMax: number;
}

interface StreamInfoAnswer {
  readonly created: string;
  readonly config: { readonly max_bytes: number };
  readonly state: { readonly bytes: number; readonly first_seq: number; readonly last_seq: number };
}

export const logPosition = async (nc: NatsConnection): Promise<LogPosition> => {
  const { created, config, state } = await jsApi<StreamInfoAnswer>(nc, `STREAM.INFO.${STREAMS.log}`, {});
  return {
    stream: STREAMS.log,
    created,
    firstSeq: state.first_seq,
    lastSeq: state.last_seq,
    bytes: state.bytes,
    bytesMax: config.max_bytes,
  };
};

/** A position that somebody has read up to. */
export interface ReadPosition {
  readonly created: string;
  readonly seq: number;
}

/** In a cluster a reader may be ahead of the leader: a follower stores what is committed a moment before it, or after. */
const LEADER_BEHIND_MS_MAX = 5_000;
const LEADER_LOOK_MS = 100;

/** Where the log stands, once its leader has stored what the reader has read, or when it does not in a good while. */
export const logPositionAfter = async (nc: NatsConnection, { created, seq }: ReadPosition): Promise<LogPosition> => {
  const endsAt = Date.now() + LEADER_BEHIND_MS_MAX;
  for (;;) {
    const position = await logPosition(nc);
    if (position.created !== created || position.lastSeq >= seq || Date.now() >= endsAt) return position;
    await new Promise((resolve) => setTimeout(resolve, LEADER_LOOK_MS));
  }
};

/** The commit at a sequence of the log, with when it was stored; undefined where there is none that can be read. */
export const commitAtSeq = async (nc: NatsConnection, seq: number): Promise<LoggedCommit | undefined> => {
  const record = await getFromLeader(nc, STREAMS.log, { seq, next_by_subj: SUBJECT_FILTERS.log });
  const decoded = record && decodeCommit(record.bytes);
  return record && decoded?.kind === 'commit'
    ? { commit: decoded.commit, seq: record.seq, storedAt: record.storedAt }
    : undefined;
};

/** Sequence of the last commit of any aggregate of this kind; 0 where there is none. */
export const lastSeqOfKind = async (nc: NatsConnection, aggregate: Aggregate): Promise<number> =>
  (await getFromLeader(nc, STREAMS.log, { last_by_subj: SUBJECT_FILTERS.logOfAggregate(aggregate) }))?.seq ?? 0;
