import {
  type Commit,
  type Divergence,
  isTerminal,
  type LogVerdict,
  NAMED_DIVERGENCES_MAX,
  parseLogSubject,
  type ReplayResult,
} from '@throughline/contracts';
import { type AnyState, type CommitAt, deciderOf, foldCommit, type WalkedEvent } from '@throughline/execution';
import { beginVerification, type Verification, verifyNext, type VerifyOptions } from '@throughline/history';
import { readRecord, type StoredRecord } from '../aggregate-reader.ts';
import type { EventLog, LoggedCommit } from '../event-log.ts';
import { MachinesOfLog, workflowsOf } from './machines-of-log.ts';

export interface LogVerificationOptions {
  /** First sequence that is looked at: what stands before it is folded where it is needed, and not decided again. */
  readonly fromSeq: number;
  /** States that are kept: how many, and how many bytes of commits led to them. */
  readonly statesMax?: number;
  readonly bytesMax?: number;
  /** Every commit that could be read, in its order; `walked` is empty where its history could not be folded. */
  readonly onCommit?: (seen: SeenCommit) => void;
}

/** A commit as it was verified, with the states around each of its events. */
export interface SeenCommit extends LoggedCommit {
  readonly subject: string;
  readonly walked: readonly WalkedEvent<AnyState>[];
}

interface Kept {
  readonly verification: Verification;
  /** Of the commits that were taken. */
  bytes: number;
}

interface Kind {
  total: number;
  divergent: number;
  commits: number;
}

const STATES_MAX = 20_000;
const BYTES_MAX = 128 * 1024 * 1024;
/** Divergent aggregates that are told apart: beyond, one that diverges twice may count twice. */
const DIVERGENT_MAX = 100_000;

/**
 * Verifies everything that a log holds while it is read in its order, whatever aggregate each record belongs to. Bounded in
 * memory: a state that was let go is folded again, from the aggregate's own subject, when it is needed.
 */
export class LogVerification {
  readonly #log: EventLog;
  readonly #machines: MachinesOfLog;
  readonly #options: Required<Omit<LogVerificationOptions, 'onCommit'>>;
  readonly #onCommit: LogVerificationOptions['onCommit'];
  /** Of the commit that is looked at. */
  #walked: readonly WalkedEvent<AnyState>[] = [];
  /** By subject, the one used longest ago first. What has ended is let go before what is open. */
  readonly #open = new Map<string, Kept>();
  readonly #ended = new Map<string, Kept>();
  #bytes = 0;
  readonly #kinds = new Map<string, Kind>();
  readonly #divergent = new Set<string>();
  readonly #named: LogVerdict['divergent'] = [];
  #toSeq: number;
  #events = 0;
  #matched = 0;
  #commits = 0;
  #mergedCommits = 0;
  #mergedActors = 0;
  #unreadable = 0;
  #firstDivergence: Divergence | undefined;

  constructor(log: EventLog, { onCommit, ...options }: LogVerificationOptions) {
    this.#log = log;
    this.#onCommit = onCommit;
    this.#machines = new MachinesOfLog(log);
    this.#options = { statesMax: STATES_MAX, bytesMax: BYTES_MAX, ...options };
    this.#toSeq = options.fromSeq - 1;
  }

  get commits(): number {
    return this.#commits;
  }

  async take(record: StoredRecord): Promise<void> {
    this.#toSeq = record.seq;
    this.#commits += 1;
    const read = readRecord(record, record.subject);
    if (read.kind === 'unreadable') {
      this.#unreadable += 1;
      this.#events += 1;
      const kind = this.#kindOf(parseLogSubject(record.subject)?.aggregate ?? 'unknown');
      kind.commits += 1;
      // Whether it is its aggregate's first cannot be told.
      return this.#diverged(record, kind, { problem: `${read.code}: ${read.problem}` });
    }
    const { commit } = read;
    this.#count(commit);
    const kind = this.#kindOf(commit.aggregate);
    kind.commits += 1;
    // The first commit in what is looked at: of the log, or after the ones that `fromSeq` leaves out.
    if (commit.prevSeq < this.#options.fromSeq) kind.total += 1;
    const kept = await this.#keptBefore(record.subject, commit);
    this.#walked = [];
    if (typeof kept === 'string') {
      this.#events += commit.events.length;
      this.#diverged(record, kind, { problem: kept });
    } else {
      await this.#verify(record, { ...read, seq: record.seq }, kind, kept);
    }
    const { seq, storedAt, subject } = record;
    this.#onCommit?.({ commit, seq, storedAt, subject, walked: this.#walked });
  }

  result(): ReplayResult {
    const aggregates: LogVerdict['aggregates'] = {};
    for (const [name, { total, divergent, commits }] of [...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
      aggregates[name] = { total, identical: Math.max(0, total - divergent), commits };
    }
    const isDivergent = this.#divergent.size > 0;
    return {
      verdict: isDivergent ? 'divergent' : 'identical',
      commits: this.#commits,
      events: this.#events,
      // Rounded down, and 100 only where nothing at all is wrong.
      matchPercent: this.#matchPercent(isDivergent),
      ...(this.#firstDivergence ? { firstDivergence: this.#firstDivergence } : {}),
      log: {
        fromSeq: this.#options.fromSeq,
        toSeq: this.#toSeq,
        aggregates,
        mergedCommits: this.#mergedCommits,
        mergedActors: this.#mergedActors,
        unreadable: this.#unreadable,
        divergent: this.#named,
      },
    };
  }

  #matchPercent(isDivergent: boolean): number {
    if (!isDivergent) return 100;
    return this.#events === 0 ? 0 : Math.min(99.99, Math.floor((10_000 * this.#matched) / this.#events) / 100);
  }

  #count(commit: Commit): void {
    if (commit.commands.length < 2) return;
    this.#mergedCommits += 1;
    const actors = new Set(commit.commands.map(({ actor }) => `${actor.kind}/${actor.id}`));
    if (actors.size > 1) this.#mergedActors += 1;
  }

  #kindOf(aggregate: string): Kind {
    const known = this.#kinds.get(aggregate);
    if (known) return known;
    const kind: Kind = { total: 0, divergent: 0, commits: 0 };
    this.#kinds.set(aggregate, kind);
    return kind;
  }

  async #verify(record: StoredRecord, logged: CommitAt, kind: Kind, kept: Kept): Promise<void> {
    const { verification } = kept;
    const { tenant } = logged.commit;
    await this.#machines.need(tenant, workflowsOf(logged.commit, verification.state));
    const { events, matched } = verification;
    const good = verifyNext(verification, logged);
    this.#events += verification.events - events;
    this.#matched += verification.matched - matched;
    this.#keep(record.subject, kept, record.bytes.length);
    if (good) return;
    const [divergence] = verification.differences.values();
    this.#diverged(record, kind, divergence ? { firstDivergence: divergence } : {});
  }

  #diverged(
    { subject, seq }: StoredRecord,
    kind: Kind,
    what: { firstDivergence?: Divergence; problem?: string },
  ): void {
    this.#firstDivergence ??= what.firstDivergence;
    if (this.#divergent.has(subject)) return;
    if (this.#divergent.size < DIVERGENT_MAX) this.#divergent.add(subject);
    kind.divergent += 1;
    const ref = parseLogSubject(subject);
    if (this.#named.length >= NAMED_DIVERGENCES_MAX) return;
    this.#named.push({ aggregate: ref?.aggregate ?? 'unknown', id: ref?.aggregateId ?? subject, seq, ...what });
  }

  /** The verification that this commit goes on with; a text where its history cannot be read. */
  async #keptBefore(subject: string, commit: Commit): Promise<Kept | string> {
    const known = this.#take(subject);
    if (known) return known;
    const { tenant, aggregate, aggregateId, version } = commit;
    const ref = { tenant, aggregate, aggregateId };
    const resolve = this.#machines.resolverOf(tenant);
    const options = this.#optionsOfEach;
    if (version === 1) return { verification: beginVerification(resolve, options), bytes: 0 };
    const read = await this.#log.read(ref, { toVersion: version - 1 });
    if (read.kind === 'unreadable') return `${read.code}: ${read.problem}`;
    try {
      const state = read.commits.reduce<AnyState>(foldCommit, deciderOf<AnyState>(aggregate).initial(ref));
      return { verification: beginVerification(resolve, options, state), bytes: 0 };
    } catch (thrown) {
      return `what is before it cannot be folded: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
  }

  get #optionsOfEach(): VerifyOptions {
    if (!this.#onCommit) return { digestsChecked: true };
    return { digestsChecked: true, onCommit: ({ walked }) => (this.#walked = walked) };
  }

  #take(subject: string): Kept | undefined {
    const from = this.#open.has(subject) ? this.#open : this.#ended;
    const kept = from.get(subject);
    if (!kept) return undefined;
    from.delete(subject);
    this.#bytes -= kept.bytes;
    return kept;
  }

  #keep(subject: string, kept: Kept, bytes: number): void {
    kept.bytes += bytes;
    this.#bytes += kept.bytes;
    (hasEnded(kept.verification.state) ? this.#ended : this.#open).set(subject, kept);
    const { statesMax, bytesMax } = this.#options;
    while (this.#open.size + this.#ended.size > statesMax || this.#bytes > bytesMax) {
      const from = this.#ended.size > 0 ? this.#ended : this.#open;
      const oldest = from.keys().next();
      if (oldest.done || !this.#take(oldest.value)) return;
    }
  }
}

const hasEnded = (state: AnyState | undefined): boolean =>
  state !== undefined && 'frames' in state && isTerminal(state.status);

/** For people: `replayed 12 executions, 96 commits (8 merged): 100 %`. */
export const replayLine = (result: ReplayResult): string => {
  const { log } = result;
  const executions = log?.aggregates.execution?.total ?? 0;
  const percent = result.verdict === 'identical' ? '100' : String(result.matchPercent);
  return `replayed ${executions} executions, ${result.commits} commits (${log?.mergedCommits ?? 0} merged): ${percent} %`;
};
