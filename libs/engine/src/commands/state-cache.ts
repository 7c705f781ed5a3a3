import { type AggregateRef, isTerminal } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { type AnyState, deciderOf, foldCommit } from '@throughline/execution';

export type Loaded =
  /** `cached`: as this process last knew it; another one may have written since. */
  | { readonly kind: 'folded'; readonly state: AnyState; readonly cached: boolean }
  | { readonly kind: 'unreadable'; readonly code: 'TL0201' | 'TL0202'; readonly problem: string };

/** After a start turned out to be a repeat. A group of commits that holds one such is refused as a whole, so it must stay rare. */
const LOOK_FIRST_MS = 10_000;

export const keyOf = (ref: AggregateRef): string => `${ref.tenant}.${ref.aggregate}.${ref.aggregateId}`;

/** Folded states by aggregate, least recently used first out. A miss costs one read of the aggregate's subject. */
export class StateCache {
  private readonly log: EventLog;
  private readonly statesMax: number;
  private readonly nowMs: () => number;
  private readonly states = new Map<string, AnyState>();
  private lookFirstUntilMs = 0;

  constructor(log: EventLog, statesMax: number, nowMs: () => number = Date.now) {
    this.log = log;
    this.statesMax = statesMax;
    this.nowMs = nowMs;
  }

  get size(): number {
    return this.states.size;
  }

  /** As this process last knew it; undefined where it would have to read the log. */
  known(ref: AggregateRef): AnyState | undefined {
    return this.states.get(keyOf(ref));
  }

  async load(ref: AggregateRef): Promise<Loaded> {
    const key = keyOf(ref);
    const cached = this.states.get(key);
    if (cached) {
      // Re-inserted, so that the map's order is the order of use.
      this.states.delete(key);
      this.states.set(key, cached);
      return { kind: 'folded', state: cached, cached: true };
    }
    const read = await this.log.read(ref);
    if (read.kind === 'unreadable') return { kind: 'unreadable', code: read.code, problem: read.problem };
    const initial = deciderOf<AnyState>(ref.aggregate).initial(ref);
    try {
      return { kind: 'folded', state: read.commits.reduce<AnyState>(foldCommit, initial), cached: false };
    } catch (thrown) {
      const problem = `it cannot be folded: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      return { kind: 'unreadable', code: 'TL0202', problem };
    }
  }

  /**
   * For a start: the state of an aggregate without commits, without asking the log. Nearly every start is of a new
   * execution, and where it is not, the fence refuses the commit and the caller loads. Undefined where that is likely.
   */
  assumeNew(ref: AggregateRef): AnyState | undefined {
    if (this.states.has(keyOf(ref)) || this.nowMs() < this.lookFirstUntilMs) return undefined;
    return deciderOf<AnyState>(ref.aggregate).initial(ref);
  }

  wasNotNew(): void {
    this.lookFirstUntilMs = this.nowMs() + LOOK_FIRST_MS;
  }

  /** Whether the log holds nothing newer than this state; one that another process has left behind is dropped. */
  async isCurrent(state: AnyState): Promise<boolean> {
    const newer = await this.log.read(state.ref, { fromSeq: state.seq + 1 });
    const current = newer.kind === 'commits' && newer.commits.length === 0;
    if (!current) this.drop(state.ref);
    return current;
  }

  put(state: AnyState): void {
    // Hardly anybody commands an ended execution, and thousands of them, with their data, would fill the memory.
    if ('frames' in state && isTerminal(state.status)) return this.drop(state.ref);
    const key = keyOf(state.ref);
    this.states.delete(key);
    this.states.set(key, state);
    if (this.states.size <= this.statesMax) return;
    const oldest = this.states.keys().next();
    if (!oldest.done) this.states.delete(oldest.value);
  }

  drop(ref: AggregateRef): void {
    this.states.delete(keyOf(ref));
  }
}
