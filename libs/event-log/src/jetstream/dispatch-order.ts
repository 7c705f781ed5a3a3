import { PRIORITIES, type Priority, type Tenant } from '@throughline/contracts';

/** What waits for a slot, and whose it is. */
export interface Contender {
  readonly priority: Priority;
  readonly tenant: Tenant;
}

/** Of so many that are begun, one is whoever has waited longest: what is low goes on however much is high. */
export const LONGEST_WAIT_EVERY = 8;

/**
 * Who is begun next: of the highest priority that waits, the tenant whose turn is longest ago, and of its own the first to
 * come; every eighth time simply whoever has waited longest.
 */
export class DispatchOrder<T extends Contender> {
  /** In the order in which they came. */
  private readonly waiting = new Set<T>();
  private readonly turns = new Map<string, number>();
  private turn = 0;

  get size(): number {
    return this.waiting.size;
  }

  add(contender: T): void {
    this.waiting.add(contender);
  }

  /** False where it does not wait any more. */
  remove(contender: T): boolean {
    return this.waiting.delete(contender);
  }

  next(): T | undefined {
    const [longest] = this.waiting;
    if (longest === undefined) return undefined;
    const chosen = (this.turn + 1) % LONGEST_WAIT_EVERY === 0 ? longest : this.bestOf(longest);
    this.waiting.delete(chosen);
    this.began(chosen);
    return chosen;
  }

  /** Also called for what is begun without having waited: it was its tenant's turn all the same. */
  began(contender: Contender): void {
    this.turn += 1;
    this.turns.set(nameOf(contender), this.turn);
  }

  /** A tenant whose tasks are not looked for any more has no turn to remember. */
  forget(contender: Contender): void {
    this.turns.delete(nameOf(contender));
  }

  private bestOf(first: T): T {
    let best = first;
    for (const contender of this.waiting) if (this.goesBefore(contender, best)) best = contender;
    return best;
  }

  private goesBefore(a: T, b: T): boolean {
    const byPriority = PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority);
    return byPriority === 0 ? this.lastTurn(a) < this.lastTurn(b) : byPriority < 0;
  }

  private lastTurn(contender: Contender): number {
    return this.turns.get(nameOf(contender)) ?? 0;
  }
}

const nameOf = ({ priority, tenant }: Contender): string => `${priority}.${tenant}`;
