import {
  BrokenCircuitError,
  bulkhead,
  type BulkheadPolicy,
  BulkheadRejectedError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  handleWhen,
  SamplingBreaker,
} from 'cockatiel';
import { RetryBudget } from './retry-budget.ts';

/** Whom a step or a delivery calls. One tenant's bad calls must not cut off another's. */
export interface TargetName {
  readonly tenant: string;
  /** Scheme, host and port. */
  readonly origin: string;
}

/** What a failing target says, as the step's error would say it. */
export interface Failure {
  readonly error: string;
  readonly cause: string;
}

export interface TargetOptions {
  /** Calls at once. */
  readonly runningMax: number;
  /** Calls that wait for one of them to end. */
  readonly waitingMax: number;
  readonly nowMs: () => number;
  /** The failure of the target that a call came to; undefined where it works, whatever it says to this one call. */
  readonly failureOf: (outcome: { readonly thrown: unknown } | { readonly value: unknown }) => Failure | undefined;
}

export interface Call {
  /** From 1: later ones are retries. */
  readonly attempt: number;
  /** Says that the circuit has opened or closed, to the log of whoever's call it was. */
  readonly log: (level: 'warn' | 'ok', message: string) => void;
}

/** The call was not made. */
export class NotCalled extends Error {
  override readonly name = 'NotCalled';
  readonly why: 'open' | 'busy' | 'retries';
  /** Before that there is no sense in asking again. */
  readonly forMs: number;
  readonly failure: Failure | undefined;
  constructor(why: NotCalled['why'], forMs: number, failure: Failure | undefined) {
    super(`not called: ${why}`);
    this.why = why;
    this.forMs = forMs;
    this.failure = failure;
  }
}

export type Circuit = 'closed' | 'open' | 'half-open';

/** Half of at least ten calls within twenty seconds. */
const FAILING = { threshold: 0.5, duration: 20_000, minimumRps: 0.5 };
const OPEN_FIRST_MS = 1_000;
const OPEN_MAX_MS = 30_000;
const BUSY_MS = 1_000;
const RETRIES = { share: 0.2, perSecond: 1, savedMax: 20 };

/**
 * The calls of one target: so many at once, none while it is known to fail, and no more retries than its first calls pay for.
 * An open circuit lets one call through when its time is over, and what becomes of that one decides.
 */
export class Target {
  readonly name: TargetName;
  usedAtMs: number;
  openings = 0;
  notCalled = 0;
  lastFailure: Failure | undefined;
  openUntilMs = 0;
  private readonly options: TargetOptions;
  private readonly breaker: CircuitBreakerPolicy;
  private readonly bulkhead: BulkheadPolicy;
  private readonly budget: RetryBudget;
  /** What the log of some call has not heard of yet. */
  private turn: 'opened' | 'closed' | undefined;

  constructor(name: TargetName, options: TargetOptions) {
    this.name = name;
    this.options = options;
    this.usedAtMs = options.nowMs();
    this.budget = new RetryBudget(RETRIES, options.nowMs);
    this.bulkhead = bulkhead(options.runningMax, options.waitingMax);
    const policy = handleWhen((thrown) => this.fails({ thrown })).orWhenResult((value) => this.fails({ value }));
    this.breaker = circuitBreaker(policy, {
      breaker: new SamplingBreaker(FAILING),
      halfOpenAfter: { next: ({ attempt }) => this.opensFor(attempt) },
    });
    this.breaker.onBreak(() => {
      this.openings += 1;
      this.turn = 'opened';
    });
    this.breaker.onReset(() => (this.turn = 'closed'));
  }

  get circuit(): Circuit {
    const { state } = this.breaker;
    return state === CircuitState.Closed ? 'closed' : state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  get running(): number {
    return this.options.runningMax - this.bulkhead.executionSlots;
  }

  get waiting(): number {
    return this.options.waitingMax - this.bulkhead.queueSlots;
  }

  get retriesLeft(): number {
    return this.budget.left;
  }

  /** Runs the call, or throws `NotCalled`. */
  async call<T>(call: Call, run: () => Promise<T>): Promise<T> {
    this.usedAtMs = this.options.nowMs();
    const held = this.held(call);
    if (held) return this.refuse(held);
    try {
      return await this.bulkhead.execute(() => this.breaker.execute(run));
    } catch (thrown) {
      // It opened while the call waited for its place.
      if (thrown instanceof BrokenCircuitError) return this.refuse(this.asOpen());
      if (thrown instanceof BulkheadRejectedError) return this.refuse(new NotCalled('busy', BUSY_MS, undefined));
      throw thrown;
    } finally {
      this.tell(call);
    }
  }

  private held({ attempt }: Call): NotCalled | undefined {
    if (this.circuit === 'half-open') return this.asOpen();
    if (this.circuit === 'open' && this.options.nowMs() < this.openUntilMs) return this.asOpen();
    if (this.bulkhead.executionSlots + this.bulkhead.queueSlots === 0) return new NotCalled('busy', BUSY_MS, undefined);
    return this.budget.take(attempt) ? undefined : new NotCalled('retries', BUSY_MS, this.lastFailure);
  }

  private refuse(why: NotCalled): never {
    this.notCalled += 1;
    throw why;
  }

  private asOpen(): NotCalled {
    const forMs = Math.max(OPEN_FIRST_MS / 2, this.openUntilMs - this.options.nowMs());
    return new NotCalled('open', forMs, this.lastFailure);
  }

  private fails(outcome: { thrown: unknown } | { value: unknown }): boolean {
    const failure = this.options.failureOf(outcome);
    if (failure) this.lastFailure = failure;
    return failure !== undefined;
  }

  /** Twice as long each time in a row; what the circuit goes by is what is told to others. */
  private opensFor(attempt: number): { readonly duration: number; next: (context: { attempt: number }) => never } {
    const duration = Math.min(OPEN_FIRST_MS * 2 ** (attempt - 1), OPEN_MAX_MS);
    this.openUntilMs = this.options.nowMs() + duration;
    // The cast closes the circle that TypeScript cannot infer: the next one is made as this one was.
    return { duration, next: ({ attempt: later }) => this.opensFor(later) as never };
  }

  private tell({ log }: Call): void {
    const { turn } = this;
    this.turn = undefined;
    const { origin } = this.name;
    if (turn === 'opened') {
      const forMs = Math.max(0, this.openUntilMs - this.options.nowMs());
      log('warn', `${origin} fails: its circuit is open for ${forMs} ms (${this.lastFailure?.error})`);
    }
    if (turn === 'closed') log('ok', `${origin} works again: its circuit is closed`);
  }
}
