import {
  type AggregateRef,
  type ErrorCode,
  executionRef,
  type ReplacedSnapshot,
  type SnapshotFacts,
  type Tenant,
} from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import { type ExecutionState, foldCommit, initialExecution } from '@throughline/execution';
import {
  checkpointEvery,
  checkpointReason,
  decidedAt,
  type Position,
  restoreSnapshot,
  takeSnapshot,
} from '@throughline/history';
import { SNAPSHOT_BYTES_MAX, type SnapshotStore } from '../read-model/snapshot-store.ts';
import { historyPages } from './history-pages.ts';

/** A refusal, for whoever answers. */
export interface NotRead {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
}
export type StateRead =
  | {
      readonly kind: 'state';
      readonly state: ExecutionState;
      /** The last commit that is in it, where there is one. */
      readonly at: LoggedCommit | undefined;
      /** Commits in the history. */
      readonly of: number;
      /** Where folding began. */
      readonly foldedFrom: number;
      readonly replaced: readonly ReplacedSnapshot[];
    }
  | NotRead;

export interface ReaderLog {
  warn(fields: object, message: string): void;
}

/** The clocks of a caller, of the broker and of this process may be this far apart. */
const CLOCKS_APART_MS = 5_000;

const refusal = (code: ErrorCode, message: string): NotRead => ({ kind: 'refused', code, message });

interface Base {
  readonly state: ExecutionState;
  readonly facts: SnapshotFacts;
}
interface Reading {
  readonly ref: AggregateRef;
  readonly executionId: string;
  readonly until: Position;
  /** The last commit of the history as the reading began. */
  readonly head: LoggedCommit;
  readonly replaced: ReplacedSnapshot[];
}

/** States of executions at any place of their history, from the nearest checkpoint; takes those that are due on the way. */
export class StateReader {
  constructor(
    private readonly log: EventLog,
    private readonly snapshots: SnapshotStore,
    private readonly logger: ReaderLog,
  ) {}

  /** The state right after a commit, or as it was at a time; without a position the latest. Another tenant's execution is an unknown one. */
  async at(tenant: Tenant, executionId: string, position?: Position): Promise<StateRead> {
    const ref = executionRef(tenant, executionId);
    const last = await this.log.last(ref);
    if (last.kind === 'unreadable') return refusal(last.code, `log sequence ${last.seq}: ${last.problem}`);
    const [head] = last.commits;
    if (!head) return refusal('TL0105', `no execution ${executionId}`);
    const until = position ?? { kind: 'version', version: head.commit.version };
    const reading: Reading = { ref, executionId, until, head, replaced: [] };
    return outside(reading) ?? this.read(reading);
  }

  private async read(reading: Reading): Promise<StateRead> {
    // Each turn but the last throws a snapshot away, and there is a bounded number of them.
    for (;;) {
      const base = await this.base(reading);
      const read = await this.foldOn(reading, base);
      if (read !== 'wrong base') return read;
      await this.replace(reading, base?.facts.id ?? '', 'the log has another commit there');
    }
  }

  private async base(reading: Reading): Promise<Base | undefined> {
    const { ref, executionId, until } = reading;
    for (;;) {
      const row = await this.quietly(() => this.snapshots.nearest({ tenant: ref.tenant, executionId }, until));
      if (!row) return undefined;
      const restored = restoreSnapshot({ tenant: ref.tenant, executionId, id: row.id }, row);
      if (restored.ok && isUpTo(until, restored.facts)) return restored;
      if (!(await this.replace(reading, row.id, restored.ok ? 'it is filed under another commit' : restored.problem))) {
        return undefined; // it would be found again
      }
    }
  }

  /** Thrown away and said; the places that it stood for are taken again as the reading comes by. */
  private async replace({ ref, executionId, replaced }: Reading, id: string, problem: string): Promise<boolean> {
    this.logger.warn(
      { tenant: ref.tenant, executionId, snapshot: id, problem },
      'a snapshot was wrong and is replaced',
    );
    replaced.push({ id, problem });
    return (
      (await this.quietly(() => this.snapshots.drop({ tenant: ref.tenant, executionId }, id).then(() => true))) ?? false
    );
  }

  private async foldOn(reading: Reading, base: Base | undefined): Promise<StateRead | 'wrong base'> {
    const { ref, until, head } = reading;
    const keeping = await this.keeping(reading);
    let state = base?.state ?? initialExecution(ref);
    let at: LoggedCommit | undefined;
    const to = until.kind === 'version' ? until.version : head.commit.version;
    // The checkpoint's own commit is read again: it is the proof that the checkpoint is of this log.
    const from = base ? { fromSeq: base.facts.seq, after: base.facts.version - 1 } : { after: 0 };
    const pages = historyPages(this.log, ref, { ...from, to });
    for (;;) {
      const next = await pages.next();
      if (next.done) {
        if (next.value) return refusal(next.value.code, `log sequence ${next.value.seq}: ${next.value.problem}`);
        break;
      }
      const logged = next.value;
      if (base && !at) {
        if (!isCommitOf(base.facts, logged)) return 'wrong base';
        at = logged;
        continue;
      }
      if (until.kind === 'instant' && decidedAt(logged.commit) > until.at) break;
      const before = state;
      state = foldCommit(state, logged);
      at = logged;
      await keeping(before, state, logged);
    }
    if (base && !at) return 'wrong base';
    if (state.version === 0) return refusal('TL0401', 'the execution had not started by then');
    const { version: of } = head.commit;
    return { kind: 'state', state, at, of, foldedFrom: base?.facts.version ?? 0, replaced: reading.replaced };
  }

  /** Keeps the states at the fixed places of the history that have none yet. */
  private async keeping({ ref, executionId, head }: Reading) {
    const { tenant } = ref;
    const commits = head.commit.version;
    const every = checkpointEvery(commits);
    const known = await this.quietly(() => this.snapshots.ids({ tenant, executionId }));
    return async (before: ExecutionState, after: ExecutionState, logged: LoggedCommit): Promise<void> => {
      const reason = known && checkpointReason(before, after, every);
      if (!reason || known.has(`checkpoint-${after.version}.0`)) return;
      const place = { type: 'checkpoint', reason, step: null, logged, at: decidedAt(logged.commit) } as const;
      const kept = takeSnapshot(after, place);
      if (kept.facts.bytes > SNAPSHOT_BYTES_MAX) return;
      await this.quietly(async () => {
        await this.snapshots.keep(tenant, kept);
        await this.snapshots.thin({ tenant, executionId }, commits);
      });
    };
  }

  /** Without its database a reading only takes longer. */
  private async quietly<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      this.logger.warn({ err: error }, 'snapshots cannot be used: folding goes on from the log');
      return undefined;
    }
  }
}

/** Why the position is not in the history. */
const outside = ({ until, head }: Reading): NotRead | undefined => {
  const { version: of } = head.commit;
  if (until.kind === 'version') {
    return until.version >= 1 && until.version <= of
      ? undefined
      : refusal('TL0401', `commit ${until.version} is not in the history: it has ${of}`);
  }
  const isToCome = until.at > decidedAt(head.commit) && Date.parse(until.at) > Date.now() + CLOCKS_APART_MS;
  return isToCome ? refusal('TL0410', `${until.at} has not come yet`) : undefined;
};

const isUpTo = (until: Position, { version, at }: SnapshotFacts): boolean =>
  until.kind === 'version' ? version <= until.version : at <= until.at;

const isCommitOf = ({ seq, version, commitDigest }: SnapshotFacts, { commit, seq: at }: LoggedCommit): boolean =>
  at === seq && commit.version === version && commit.digest === commitDigest;
