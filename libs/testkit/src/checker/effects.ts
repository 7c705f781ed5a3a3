import { type EventSeen, placeOf } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

/** What a handler or a called service has noted down of one thing that it did. */
export interface DoneEffect {
  /** The key that every attempt at one visit shares: `Idempotency-Key` of a request, `idempotencyKey` of a task. */
  readonly idempotencyKey: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** The locks that the step had, by asset: what the asset was shown and took. */
  readonly fencingTokens?: Readonly<Record<string, number>>;
}

export interface EffectsOptions {
  readonly done: Iterable<DoneEffect>;
  /** Whether a step of this resource and handler notes down what it does: then each success has to be in the ledger. */
  readonly isNoted?: (step: { readonly resource: string; readonly handler: string; readonly state: string }) => boolean;
}

interface Asked {
  readonly where: string;
  readonly atMs: number;
  readonly noted: boolean;
  succeeded: boolean;
}

/** Clocks of processes on one machine. */
const SKEW_MS = 50;

/** Nothing was done that nobody had asked for, nothing before it was asked for, and what succeeded was done. */
export class EffectsOnLog {
  readonly #options: EffectsOptions;
  readonly #asked = new Map<string, Asked>();
  /** Keys of the attempts that are open. */
  readonly #open = new Map<string, string>();

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  take({ commit, seq, index, event, atMs }: EventSeen): void {
    const execution = `${commit.tenant}/${commit.aggregateId}`;
    switch (event.type) {
      case 'StepScheduled': {
        const { idempotencyKey: key, awaits } = event;
        const noted = (awaits === undefined || awaits === 'result') && (this.#options.isNoted?.(event) ?? false);
        if (!this.#asked.has(key)) {
          this.#asked.set(key, { where: placeOf(commit, seq, index), atMs, noted, succeeded: false });
        }
        this.#open.set(`${execution}/${commit.version}.${index}`, key);
        return;
      }
      case 'DeliveryScheduled':
        this.#asked.set(event.idempotencyKey, {
          where: placeOf(commit, seq, index),
          atMs,
          noted: false,
          succeeded: false,
        });
        return;
      case 'StepSucceeded': {
        const asked = this.#asked.get(this.#open.get(`${execution}/${event.token}`) ?? '');
        if (asked) asked.succeeded = true;
        this.#open.delete(`${execution}/${event.token}`);
        return;
      }
      case 'StepFailed':
      case 'StepTimedOut':
      case 'StepCancelled':
        this.#open.delete(`${execution}/${event.token}`);
        return;
      default:
        return;
    }
  }

  end(table: PromiseTable): void {
    table.reset('effects');
    const done = [...this.#options.done];
    for (const { idempotencyKey: key, startedAt } of done) {
      const asked = this.#asked.get(key);
      table.expect(asked !== undefined, 'effects', `effect ${key}`, 'nothing on the log has asked for it');
      if (asked && Date.parse(startedAt) < asked.atMs - SKEW_MS) {
        table.violated('effects', asked.where, `it was done at ${startedAt}, before it was asked for`);
      }
    }
    const keys = new Set(done.map(({ idempotencyKey }) => idempotencyKey));
    for (const [key, { where, noted, succeeded }] of this.#asked) {
      if (noted && succeeded) table.expect(keys.has(key), 'effects', where, 'it succeeded, and nobody has done it');
    }
    this.#fencing(done, table);
  }

  /** An asset that has taken a token takes no lower one any more. */
  #fencing(done: readonly DoneEffect[], table: PromiseTable): void {
    const highest = new Map<string, number>();
    const inOrder = done.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    for (const { idempotencyKey, fencingTokens = {} } of inOrder) {
      for (const [asset, token] of Object.entries(fencingTokens)) {
        const before = highest.get(asset) ?? 0;
        table.expect(
          token >= before,
          'effects',
          `effect ${idempotencyKey}`,
          `'${asset}' took token ${token} after ${before}`,
        );
        highest.set(asset, Math.max(before, token));
      }
    }
  }
}
