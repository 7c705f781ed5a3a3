import type {
  AggregateRef,
  AttemptAwaits,
  ChildAwaits,
  ExecutionEvent,
  RecordedExecutionCommand,
} from '@throughline/contracts';

/**
 * What the events of an execution say by themselves: kept without `evolve`, so that a fold that is wrong does not hide
 * behind itself. Takes illegal events too, as well as it can: whoever looks at them has said so by then.
 */

export interface BookedAttempt {
  readonly token: string;
  readonly frame: string;
  readonly state: string;
  readonly visit: number;
  readonly awaits: AttemptAwaits;
  readonly queue: string;
  readonly lockRequest: string | undefined;
  readonly scheduledAtMs: number;
  /** The longest silence that is allowed; undefined: any. */
  readonly heartbeatMs: number | undefined;
  lastSeenAtMs: number;
  submitted: boolean;
}

export interface BookedTimer {
  readonly id: string;
  readonly purpose: string;
  dueAtMs: number;
}

export interface BookedRequest {
  readonly state: string;
  readonly assets: readonly string[];
  readonly taken: number[];
  /** The attempt that holds the locks. */
  attempt: string | undefined;
}

/** What was tried at the present visit of a frame. */
export interface FrameTally {
  readonly state: string;
  /** Attempts so far; undefined where the visit began before what the book has seen. */
  attempts: number | undefined;
  visit: number | undefined;
  /** By retrier. */
  readonly retries: Map<number, number>;
  /** Another attempt may follow: nothing was tried yet, or a retry was scheduled. */
  mayTry: boolean;
}

type Ended = 'succeeded' | 'failed' | 'cancelled' | 'timed_out';

export class ExecutionBook {
  readonly ref: AggregateRef;
  started = false;
  ended: Ended | undefined;
  reopened = 0;
  workflow: { readonly name: string; readonly version: number } | undefined;
  /** The attempt that has started it, and what of it that one waits for. */
  parent: { readonly executionId: string; readonly token: string; readonly awaits: ChildAwaits } | undefined;
  /** It begins in the middle of another execution's history. */
  adopted = false;
  readonly attempts = new Map<string, BookedAttempt>();
  readonly timers = new Map<string, BookedTimer>();
  readonly approvals = new Set<string>();
  readonly requests = new Map<string, BookedRequest>();
  readonly frames = new Map<string, FrameTally>();
  /** Visits that have a result that counts, since the last reopening. */
  readonly counted = new Set<string>();
  /** Deliveries under way: what they wait for. */
  readonly deliveries = new Map<string, 'attempt' | 'timer'>();
  pausedAtMs: number | undefined;
  reviewing = false;
  cancelling = false;
  continues = false;
  version = 0;
  lastSeq = 0;
  lastAtMs = 0;

  constructor(ref: AggregateRef) {
    this.ref = ref;
  }

  apply(event: ExecutionEvent, command: RecordedExecutionCommand, place: { version: number; index: number }): void {
    const atMs = Date.parse(command.at);
    const token = `${place.version}.${place.index}`;
    switch (event.type) {
      case 'ExecutionStarted':
        return this.#start(event, command);
      case 'ExecutionMigrated':
        this.workflow = event.workflow;
        return;
      case 'OriginAdopted':
        this.adopted = true;
        return;
      case 'ExecutionReopened':
        return this.#reopen(event.n);
      case 'ExecutionSucceeded':
        return this.#end('succeeded');
      case 'ExecutionFailed':
        return this.#end('failed');
      case 'ExecutionCancelled':
        return this.#end('cancelled');
      case 'ExecutionTimedOut':
        return this.#end('timed_out');
      case 'ExecutionPaused':
        this.pausedAtMs = atMs;
        return;
      case 'ExecutionResumed':
        return this.#resume(atMs);
      case 'CancellationRequested':
        this.pausedAtMs = undefined;
        this.cancelling = true;
        return;
      case 'ReviewRequested':
        this.reviewing = true;
        return;
      case 'StateEntered':
        this.frames.set(event.frame, freshTally(event.state));
        return;
      case 'StepScheduled':
        return this.#schedule(event, token, atMs);
      case 'StepSubmitted': {
        const attempt = this.attempts.get(event.token);
        if (attempt) attempt.submitted = true;
        return;
      }
      case 'StepHeartbeatRecorded': {
        const attempt = this.attempts.get(event.token);
        if (attempt) attempt.lastSeenAtMs = atMs;
        return;
      }
      case 'StepReleased':
        return this.#release(event.token);
      case 'StepSucceeded': {
        const attempt = this.attempts.get(event.token);
        if (attempt) this.counted.add(visitOf(attempt));
        return this.#close(event.token);
      }
      case 'StepFailed':
      case 'StepTimedOut':
      case 'StepCancelled':
        return this.#close(event.token);
      case 'RetryScheduled':
        return this.#retry(event);
      case 'TimerArmed':
        return this.#arm(event, atMs);
      case 'TimerFired':
      case 'TimerCancelled':
        this.timers.delete(event.timer);
        return;
      case 'LocksRequested':
        this.requests.set(token, { state: event.state, assets: event.assets, taken: [], attempt: undefined });
        return;
      case 'LockTaken':
        this.requests.get(event.request)?.taken.push(event.fencingToken);
        return;
      case 'LockWaitEnded':
        this.requests.delete(event.request);
        return;
      case 'ApprovalRequested':
        this.approvals.add(event.approval);
        return;
      case 'ApprovalClosed':
        this.approvals.delete(event.approval);
        return;
      case 'ContinuationRequested':
        this.continues = true;
        return;
      case 'DeliveryScheduled':
        this.deliveries.set(token, 'attempt');
        return;
      case 'DeliveryAttemptStarted':
        this.deliveries.set(event.delivery, 'attempt');
        return;
      case 'DeliveryAttemptFailed':
        this.deliveries.set(event.delivery, 'timer');
        return;
      case 'DeliverySucceeded':
      case 'DeliveryFailed':
        this.deliveries.delete(event.delivery);
        return;
      default:
        return;
    }
  }

  #start({ workflow }: Extract<ExecutionEvent, { type: 'ExecutionStarted' }>, command: RecordedExecutionCommand): void {
    this.started = true;
    this.workflow = workflow;
    if (command.type !== 'StartExecution') return;
    const { parentExecutionId, parentAttempt } = command.body;
    if (parentExecutionId && parentAttempt) this.parent = { executionId: parentExecutionId, ...parentAttempt };
  }

  #schedule(event: Extract<ExecutionEvent, { type: 'StepScheduled' }>, token: string, atMs: number): void {
    const { frame, state, visit, awaits = 'result', queue, lockRequest, heartbeatMs } = event;
    this.attempts.set(token, {
      token,
      frame,
      state,
      visit,
      awaits,
      queue,
      lockRequest,
      scheduledAtMs: atMs,
      heartbeatMs,
      lastSeenAtMs: atMs,
      submitted: false,
    });
    const request = lockRequest === undefined ? undefined : this.requests.get(lockRequest);
    if (request) request.attempt = token;
    const tally = this.frames.get(frame) ?? unknownTally(state);
    this.frames.set(frame, tally);
    tally.attempts = event.attempt;
    tally.visit = visit;
    tally.mayTry = false;
  }

  /** The attempt that a record did not answer was none. */
  #release(token: string): void {
    const attempt = this.attempts.get(token);
    const tally = attempt && this.frames.get(attempt.frame);
    if (tally) {
      if (tally.attempts !== undefined) tally.attempts -= 1;
      tally.mayTry = true;
    }
    this.attempts.delete(token);
  }

  #close(token: string): void {
    const request = this.attempts.get(token)?.lockRequest;
    if (request !== undefined) this.requests.delete(request);
    this.attempts.delete(token);
  }

  #retry({ frame, state, retrier, retry }: Extract<ExecutionEvent, { type: 'RetryScheduled' }>): void {
    const tally = this.frames.get(frame) ?? unknownTally(state);
    this.frames.set(frame, tally);
    tally.retries.set(retrier, retry);
    tally.mayTry = true;
    // A result that led to an error on the way out of its state is tried for again.
    if (tally.visit !== undefined) this.counted.delete(visitOf({ frame, state, visit: tally.visit }));
  }

  /** During a pause a timer has all of its time left when the pause ends. */
  #arm(event: Extract<ExecutionEvent, { type: 'TimerArmed' }>, atMs: number): void {
    const dueAtMs = Date.parse(event.dueAt) - (this.pausedAtMs === undefined ? 0 : atMs - this.pausedAtMs);
    this.timers.set(event.timer, { id: event.timer, purpose: event.purpose, dueAtMs });
  }

  #resume(atMs: number): void {
    if (this.pausedAtMs === undefined) this.reviewing = false;
    else {
      const pausedMs = atMs - this.pausedAtMs;
      for (const timer of this.timers.values()) timer.dueAtMs += pausedMs;
      for (const attempt of this.attempts.values()) {
        if (attempt.lastSeenAtMs <= this.pausedAtMs) attempt.lastSeenAtMs += pausedMs;
      }
    }
    this.pausedAtMs = undefined;
  }

  #end(how: Ended): void {
    this.ended = how;
    this.attempts.clear();
    this.requests.clear();
    this.approvals.clear();
    this.frames.clear();
    this.counted.clear();
    this.pausedAtMs = undefined;
    this.reviewing = false;
    this.cancelling = false;
    this.continues = false;
  }

  #reopen(n: number): void {
    this.ended = undefined;
    this.reopened = n;
    this.deliveries.clear();
  }
}

/** Of every execution that a log names. */
export class ExecutionBooks {
  readonly #books = new Map<string, ExecutionBook>();

  of(ref: AggregateRef): ExecutionBook {
    const key = `${ref.tenant}/${ref.aggregateId}`;
    const known = this.#books.get(key);
    if (known) return known;
    const book = new ExecutionBook({ tenant: ref.tenant, aggregate: ref.aggregate, aggregateId: ref.aggregateId });
    this.#books.set(key, book);
    return book;
  }

  find(tenant: string, executionId: string): ExecutionBook | undefined {
    return this.#books.get(`${tenant}/${executionId}`);
  }

  all(): IterableIterator<ExecutionBook> {
    return this.#books.values();
  }

  get size(): number {
    return this.#books.size;
  }
}

export const visitOf = ({ frame, state, visit }: Pick<BookedAttempt, 'frame' | 'state' | 'visit'>): string =>
  `${frame}/${state}/${visit}`;

const freshTally = (state: string): FrameTally => ({
  state,
  attempts: 0,
  visit: undefined,
  retries: new Map(),
  mayTry: true,
});
const unknownTally = (state: string): FrameTally => ({
  state,
  attempts: undefined,
  visit: undefined,
  retries: new Map(),
  mayTry: true,
});
