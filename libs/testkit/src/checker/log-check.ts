import type { ExecutionCommit } from '@throughline/contracts';
import { type Acknowledged, AcknowledgedOnce } from './acknowledged.ts';
import { attemptsInPolicy } from './attempts.ts';
import { Chain, tenantOfCommit } from './chain.ts';
import { CommandsOnce } from './commands-once.ts';
import { type CommitOnLog, type EventSeen, keyOfCommit } from './commit-on-log.ts';
import { EffectsOnLog, type EffectsOptions } from './effects.ts';
import { ExecutionBooks } from './execution-book.ts';
import { legalTransitions } from './legal-transitions.ts';
import { Mutexes } from './mutex.ts';
import { oneEnd } from './one-end.ts';
import { PromiseTable } from './promise-table.ts';
import { countedOnce, resultsAfterSchedule } from './results.ts';
import { RetryPolicies } from './retry-policies.ts';
import { SingleTimers, timersInTime } from './timers.ts';

export interface LogCheckOptions {
  readonly table?: PromiseTable;
  /** What clients were told was accepted. */
  readonly acknowledged?: Iterable<Acknowledged>;
  /** What was done for steps, as those who did it have noted it down. */
  readonly effects?: EffectsOptions;
}

/**
 * Everything that the log alone can show, while it is read in its order. Pure: the same log gives the same table. Whoever
 * reads on later goes on with the same one.
 */
export class LogCheck {
  readonly table: PromiseTable;
  readonly books = new ExecutionBooks();
  readonly singleTimers = new SingleTimers();
  readonly #chain = new Chain();
  readonly #commands = new CommandsOnce();
  readonly #acknowledged: AcknowledgedOnce;
  readonly #policies = new RetryPolicies();
  readonly mutexes = new Mutexes();
  readonly #effects: EffectsOnLog | undefined;

  constructor({ table = new PromiseTable(), acknowledged = [], effects }: LogCheckOptions = {}) {
    this.table = table;
    this.#acknowledged = new AcknowledgedOnce(acknowledged);
    this.#effects = effects && new EffectsOnLog(effects);
  }

  /** The next commit of the log, of whatever aggregate. */
  take(record: CommitOnLog): void {
    const { commit, seq } = record;
    this.#chain.take(record, this.table);
    tenantOfCommit(record, this.table);
    this.#commands.take(record, this.table);
    this.#acknowledged.take(commit);
    legalTransitions(record, this.table);
    switch (commit.aggregate) {
      case 'execution':
        return this.#execution(commit, seq);
      case 'workflow':
        return this.#policies.take(commit);
      case 'lock':
        this.mutexes.takeLock({ commit, seq }, this.table);
        return this.singleTimers.take({ commit, seq }, this.table);
      case 'schedule':
        return this.singleTimers.take({ commit, seq }, this.table);
      case 'tenant':
      case 'replay':
        return;
    }
  }

  /** When there is no more to read for now: what is acknowledged has to be there. */
  end(): PromiseTable {
    this.#acknowledged.end(this.table);
    this.#effects?.end(this.table);
    return this.table;
  }

  #execution(commit: ExecutionCommit, seq: number): void {
    const book = this.books.of(commit);
    let index = 0;
    for (const command of commit.commands) {
      const atMs = Date.parse(command.at);
      if (command.type === 'ContinueExecution') book.continues = false;
      for (const end = index + command.events; index < end; index += 1) {
        const event = commit.events[index];
        if (!event) break;
        this.#event({ commit, seq, index, event, command, atMs, book });
        book.apply(event, command, { version: commit.version, index });
      }
      book.lastAtMs = atMs;
    }
    book.version = commit.version;
    book.lastSeq = seq;
    // Only a late repeat could still be found, and what has ended refuses it.
    if (book.ended !== undefined) this.#commands.forget(keyOfCommit(commit));
  }

  #event(seen: EventSeen): void {
    oneEnd(seen, this.table);
    resultsAfterSchedule(seen, this.table);
    countedOnce(seen, this.table);
    attemptsInPolicy(seen, this.#policies, this.table);
    timersInTime(seen, this.table);
    this.mutexes.takeEvent(seen, this.table);
    this.#effects?.take(seen);
  }
}
