/** Why a running handler was aborted. Only a worker that stops makes no report: the task is delivered again. */
export type AbortReason = 'timeout' | 'closed' | 'cancelled' | 'stopping';

/** A handler that ignores its abort gives its slot back after this long; what it still does is lost. */
const ABORT_GRACE_MS = 5_000;
const TIMER_MS_MAX = 2_147_483_647;

/** Ends one run of a handler early: at its time limit, when the worker stops, or when somebody says so. */
export class AttemptAbort {
  reason: AbortReason | undefined;
  /** Made when a handler asks for its signal: most never do, and a signal costs more than the rest of a small step. */
  private controller: AbortController | undefined;
  private readonly timeLimit: NodeJS.Timeout | undefined;
  private readonly worker: AbortSignal | undefined;
  private graceTimer: NodeJS.Timeout | undefined;
  private giveUp: (() => void) | undefined;

  constructor(timeoutMs: number | undefined, worker: AbortSignal | undefined) {
    this.worker = worker;
    if (timeoutMs !== undefined) {
      this.timeLimit = setTimeout(() => this.abort('timeout'), Math.min(timeoutMs, TIMER_MS_MAX));
    }
    worker?.addEventListener('abort', this.stop);
    if (worker?.aborted) this.stop();
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.reason && !this.controller.signal.aborted) this.controller.abort(new Error(`aborted: ${this.reason}`));
    return this.controller.signal;
  }

  /** The first reason stays. */
  abort(reason: AbortReason): void {
    if (this.reason) return;
    this.reason = reason;
    this.controller?.abort(new Error(`aborted: ${reason}`));
    this.graceTimer = setTimeout(() => this.giveUp?.(), ABORT_GRACE_MS);
  }

  /** What the handler comes to; `ignored` where it was aborted and did not end within the grace. */
  outcome<T>(handled: Promise<T>, ignored: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.giveUp = () => resolve(ignored());
      handled.then(resolve, reject);
    });
  }

  /** Must be called at the end of the run, or timers and listeners stay. */
  dispose(): void {
    clearTimeout(this.timeLimit);
    clearTimeout(this.graceTimer);
    this.worker?.removeEventListener('abort', this.stop);
  }

  private readonly stop = (): void => this.abort('stopping');
}
