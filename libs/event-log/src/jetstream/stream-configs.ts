import { DiscardPolicy, PersistMode, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import {
  commandTransform,
  dueTransform,
  PARTITIONS_DEFAULT,
  type StreamName,
  STREAMS,
  SUBJECT_FILTERS,
} from '@throughline/contracts';

export interface StreamsOptions {
  /** Partitions of commands and due timers; where not given, what the streams have already, else the default. */
  readonly partitions?: number;
  /** Servers that hold each stream: 1, or 3 in a cluster. */
  readonly replicas?: number;
  readonly bytesMax?: Readonly<Partial<Record<StreamName, number>>>;
}

const MB = 1024 * 1024;
const BYTES_MAX: Readonly<Record<StreamName, number>> = {
  TL_LOG: 4_096 * MB,
  TL_COMMANDS: 256 * MB,
  TL_TASKS: 256 * MB,
  TL_TIMERS: 256 * MB,
  TL_TELEMETRY: 256 * MB,
  TL_DEAD: 128 * MB,
  TL_LEASES: 8 * MB,
};
const NANOS_PER_HOUR = 3_600_000_000_000;
const LEASES_KEPT_NANOS = 60_000_000_000;

export type AskedStreamConfig = Partial<StreamConfig> &
  Pick<StreamConfig, 'name' | 'subjects' | 'storage' | 'retention'>;

/**
 * What a queue is stored as. One server: a file that `sync_interval: always` leaves alone. A cluster refuses that mode
 * on replicated streams (10052), so there the queues live in memory, three times. Either may lose an undecided
 * command; acceptance is only what follows the commit.
 */
const queueDurability = (replicas: number): Pick<AskedStreamConfig, 'storage'> & Partial<StreamConfig> =>
  replicas === 1
    ? { storage: StorageType.File, persist_mode: PersistMode.Async, num_replicas: 1 }
    : { storage: StorageType.Memory, num_replicas: replicas };

/** Exactly the fields that the engine relies on; each is checked in what the server echoes. */
export const streamConfigs = (options: StreamsOptions = {}): readonly AskedStreamConfig[] => {
  const { replicas = 1, partitions = PARTITIONS_DEFAULT } = options;
  const durability = queueDurability(replicas);
  const bytesOf = (stream: StreamName): { max_bytes: number } => ({
    max_bytes: options.bytesMax?.[stream] ?? BYTES_MAX[stream],
  });
  const queue = { ...durability, retention: RetentionPolicy.Workqueue };
  return [
    {
      name: STREAMS.log,
      subjects: [SUBJECT_FILTERS.log],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      num_replicas: replicas,
      // The truth: nothing is ever taken away, and a full log refuses rather than forgets. No schedules here: they
      // would clear deny_purge and let rollups in.
      deny_delete: true,
      deny_purge: true,
      allow_rollup_hdrs: false,
      discard: DiscardPolicy.New,
      max_age: 0,
      max_msgs: -1,
      max_msgs_per_subject: -1,
      allow_direct: true,
      allow_atomic: true,
      ...bytesOf(STREAMS.log),
    },
    {
      ...queue,
      name: STREAMS.commands,
      subjects: [SUBJECT_FILTERS.commandsIn],
      subject_transform: commandTransform(partitions),
      discard: DiscardPolicy.New,
      ...bytesOf(STREAMS.commands),
    },
    {
      ...queue,
      name: STREAMS.tasks,
      subjects: [SUBJECT_FILTERS.tasks],
      discard: DiscardPolicy.New,
      ...bytesOf(STREAMS.tasks),
    },
    {
      ...queue,
      name: STREAMS.timers,
      subjects: [SUBJECT_FILTERS.timers, SUBJECT_FILTERS.due],
      // What the server publishes when a schedule fires goes through here too, so the number is that of the moment.
      subject_transform: dueTransform(partitions),
      // A schedule is not consumed by anybody, so a work queue keeps it until it fires; its due message goes with its
      // ack. Interest retention would drop schedules at once; limits would keep fired ones. `discard: new` is refused
      // together with schedules.
      allow_msg_schedules: true,
      discard: DiscardPolicy.Old,
      ...bytesOf(STREAMS.timers),
    },
    {
      ...durability,
      name: STREAMS.telemetry,
      subjects: [SUBJECT_FILTERS.telemetry],
      retention: RetentionPolicy.Limits,
      max_age: 24 * NANOS_PER_HOUR,
      discard: DiscardPolicy.Old,
      ...bytesOf(STREAMS.telemetry),
    },
    {
      name: STREAMS.dead,
      subjects: [SUBJECT_FILTERS.dead],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      num_replicas: replicas,
      // The newest failures matter most, and a full stream must not turn poison into a loop.
      discard: DiscardPolicy.Old,
      ...bytesOf(STREAMS.dead),
    },
    {
      name: STREAMS.leases,
      subjects: [SUBJECT_FILTERS.leases],
      // Worth nothing a moment later: who holds a lease says so again several times in its length.
      storage: StorageType.Memory,
      retention: RetentionPolicy.Limits,
      num_replicas: replicas,
      max_msgs_per_subject: 1,
      max_age: LEASES_KEPT_NANOS,
      discard: DiscardPolicy.Old,
      allow_direct: true,
      ...bytesOf(STREAMS.leases),
    },
  ];
};

export interface ConfigDifference {
  readonly field: string;
  readonly asked: unknown;
  readonly got: unknown;
}

/** Field by field, only what was asked for: servers add fields of their own. */
export const configDifferences = (
  asked: Readonly<Record<string, unknown>>,
  got: Readonly<Record<string, unknown>>,
): readonly ConfigDifference[] =>
  Object.keys(asked)
    .filter((field) => canonical(asked[field]) !== canonical(got[field]))
    .map((field) => ({ field, asked: asked[field], got: got[field] }));

const canonical = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : JSON.stringify(value);

/** What a stream is made with and keeps: another value means another stream, and somebody has to decide about its content. */
const IMMUTABLE_FIELDS = new Set(['storage', 'retention', 'persist_mode']);
export const isImmutable = ({ field }: ConfigDifference): boolean => IMMUTABLE_FIELDS.has(field);

export const describeDifferences = (stream: string, differences: readonly ConfigDifference[]): string =>
  `${stream}: ${differences
    .map(
      ({ field, asked, got }) => `${field} is ${JSON.stringify(got) ?? 'not set'}, asked for ${JSON.stringify(asked)}`,
    )
    .join('; ')}`;
