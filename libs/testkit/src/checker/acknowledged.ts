import type { Commit, Json, Tenant } from '@throughline/contracts';
import { commandIdOfKey } from '@throughline/execution';
import { keyOfCommit } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

/** A command that somebody was told was accepted. */
export type Acknowledged =
  /** By its own id: what a NATS client sends, or one whose Idempotency-Key was made into an id by `idOfKeyed`. */
  | {
      readonly kind: 'command';
      readonly tenant: string;
      readonly aggregate: string;
      readonly aggregateId: string;
      readonly id: string;
    }
  /** A start: whatever command brought it, the execution began once. */
  | { readonly kind: 'start'; readonly tenant: string; readonly executionId: string }
  /** A command of HTTP without a key, whose id the service made: known again by its type, and by what its body holds. */
  | {
      readonly kind: 'said';
      readonly tenant: string;
      readonly aggregate: string;
      readonly aggregateId: string;
      readonly type: string;
      /** A text of the client's own that stands in the command's body as JSON, such as a reason, payload or comment. */
      readonly mark: string;
    };

/** The id that the engine makes of an Idempotency-Key. */
export const idOfKeyed = (tenant: Tenant, key: string, type: string, body: Json): string =>
  commandIdOfKey(tenant, key, type, body);

/** What clients were told, to be handed to the checker. */
export class AcknowledgedRecord {
  readonly #all: Acknowledged[] = [];

  add(acknowledged: Acknowledged): void {
    this.#all.push(acknowledged);
  }

  get all(): readonly Acknowledged[] {
    return this.#all;
  }

  get size(): number {
    return this.#all.length;
  }
}

const labelOf = (one: Acknowledged): string => {
  switch (one.kind) {
    case 'command':
      return `${one.tenant}/${one.aggregate}/${one.aggregateId} command ${one.id}`;
    case 'start':
      return `${one.tenant}/execution/${one.executionId} start`;
    case 'said':
      return `${one.tenant}/${one.aggregate}/${one.aggregateId} ${one.type} ${one.mark}`;
  }
};

/** Each acknowledged command is on the log, and once. */
export class AcknowledgedOnce {
  /** By label: how often the log has it. */
  readonly #times = new Map<string, number>();
  /** Marks to look for, by aggregate and type. */
  readonly #marks = new Map<string, string[]>();

  constructor(acknowledged: Iterable<Acknowledged>) {
    for (const one of acknowledged) {
      this.#times.set(labelOf(one), 0);
      if (one.kind !== 'said') continue;
      const key = `${one.tenant}/${one.aggregate}/${one.aggregateId} ${one.type}`;
      this.#marks.set(key, [...(this.#marks.get(key) ?? []), one.mark]);
    }
  }

  take(commit: Commit): void {
    if (this.#times.size === 0) return;
    const key = keyOfCommit(commit);
    for (const { id, type, body } of commit.commands) {
      this.#count(`${key} command ${id}`);
      const marks = this.#marks.get(`${key} ${type}`);
      if (!marks) continue;
      const text = JSON.stringify(body);
      for (const mark of marks) if (text.includes(JSON.stringify(mark))) this.#count(`${key} ${type} ${mark}`);
    }
    if (commit.aggregate !== 'execution') return;
    for (const { type } of commit.events) if (type === 'ExecutionStarted') this.#count(`${key} start`);
  }

  end(table: PromiseTable): void {
    table.reset('acknowledged');
    for (const [label, times] of this.#times) {
      table.expect(
        times === 1,
        'acknowledged',
        label,
        times === 0 ? 'it is not on the log' : `it is on the log ${times} times`,
      );
    }
  }

  #count(label: string): void {
    const times = this.#times.get(label);
    if (times !== undefined) this.#times.set(label, times + 1);
  }
}
