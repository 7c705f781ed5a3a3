import type { Settled } from './commander.ts';

export interface Flight {
  accepted(): Settled;
  refused(code: string): Settled;
  unanswered(): Settled;
}

export interface Stall {
  readonly ms: number;
  /** Since the run began. */
  readonly fromMs: number;
  /** Faults that were on when it ended. */
  readonly during: readonly string[];
}

/** What the clients have seen: counts, and the longest time in which somebody waited and nobody was answered. */
export class Tally {
  readonly startedAtMs = performance.now();
  acknowledged = 0;
  unanswered = 0;
  readonly refusals = new Map<string, number>();
  readonly repeats = new Map<string, number>();
  readonly answeredTwice: string[] = [];
  longestStall: Stall = { ms: 0, fromMs: 0, during: [] };
  /** Names of the faults that are on. */
  faultsOn: () => readonly string[] = () => [];
  #inFlight = 0;
  /** Since when somebody waits and nobody has been answered. */
  #waitingSinceMs = 0;
  #onSent: (() => void)[] = [];

  get inFlight(): number {
    return this.#inFlight;
  }

  sent(): Flight {
    if (this.#inFlight === 0) this.#waitingSinceMs = performance.now();
    this.#inFlight += 1;
    // After the request itself has gone out.
    if (this.#onSent.length > 0) setImmediate(() => this.#tellSent());
    return {
      accepted: () => this.#answered('accepted', () => (this.acknowledged += 1)),
      refused: (code) => this.#answered('refused', () => count(this.refusals, code)),
      unanswered: () => {
        this.#inFlight -= 1;
        this.unanswered += 1;
        return 'unanswered';
      },
    };
  }

  notYet(why: string): void {
    count(this.repeats, why);
  }

  doubled(what: string): void {
    this.answeredTwice.push(what);
  }

  /** True at a moment at which somebody waits for an answer; false where none comes within the time. */
  whenInFlight(timeoutMs: number): Promise<boolean> {
    if (this.#inFlight > 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#onSent.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #answered(settled: Settled, note: () => void): Settled {
    const nowMs = performance.now();
    const ms = Math.round(nowMs - this.#waitingSinceMs);
    if (ms > this.longestStall.ms) {
      const fromMs = Math.round(this.#waitingSinceMs - this.startedAtMs);
      this.longestStall = { ms, fromMs, during: this.faultsOn() };
    }
    this.#waitingSinceMs = nowMs;
    this.#inFlight -= 1;
    note();
    return settled;
  }

  #tellSent(): void {
    const told = this.#onSent;
    this.#onSent = [];
    for (const tell of told) tell();
  }
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
