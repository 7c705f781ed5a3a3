export interface RetryBudgetOptions {
  /** Retries that each first call pays for. */
  readonly share: number;
  /** Retries a second that nobody has to pay for: a target that is hardly called may still be tried again. */
  readonly perSecond: number;
  /** Saved up at most. */
  readonly savedMax: number;
}

/**
 * How much of what a target is asked may be asked again. Without it every step of a target in trouble tries again by its own
 * Retry, and all of them together keep it there.
 */
export class RetryBudget {
  private readonly options: RetryBudgetOptions;
  private readonly nowMs: () => number;
  private saved: number;
  private asOfMs: number;

  constructor(options: RetryBudgetOptions, nowMs: () => number) {
    this.options = options;
    this.nowMs = nowMs;
    this.saved = options.savedMax;
    this.asOfMs = nowMs();
  }

  get left(): number {
    this.refill();
    return Math.floor(this.saved);
  }

  /** False where a call, the `attempt`th of its visit, would be one retry too many. */
  take(attempt: number): boolean {
    this.refill();
    if (attempt === 1) {
      this.saved = Math.min(this.options.savedMax, this.saved + this.options.share);
      return true;
    }
    if (this.saved < 1) return false;
    this.saved -= 1;
    return true;
  }

  private refill(): void {
    const nowMs = this.nowMs();
    const earned = (Math.max(0, nowMs - this.asOfMs) / 1_000) * this.options.perSecond;
    this.saved = Math.min(this.options.savedMax, this.saved + earned);
    this.asOfMs = nowMs;
  }
}
