import { setTimeout as sleep } from 'node:timers/promises';
import type { LogRecord } from '@throughline/contracts';
import type { LogBuffer } from './log-buffer.ts';

const BATCH_LINES_MAX = 1_000;
const FLUSH_EVERY_MS = 100;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 5_000;
const CLOSE_MS_MAX = 5_000;

export type Stored =
  | { readonly kind: 'stored' }
  /** These lines can never be stored: trying again would hold up all others. */
  | { readonly kind: 'unstorable'; readonly problem: string }
  | { readonly kind: 'unavailable'; readonly problem: string };

export interface LogWriterOptions {
  store(batch: readonly LogRecord[]): Promise<Stored>;
  onProblem(problem: string, fields: { readonly dropped: number; readonly waiting: number }): void;
}

/** Stores what is in the buffer, batch by batch, until it is closed; keeps a batch in hand while Postgres is away. */
export class LogWriter {
  readonly #buffer: LogBuffer;
  readonly #options: LogWriterOptions;
  readonly #running: Promise<void>;
  readonly #closing = new AbortController();
  #closeUntilMs = Infinity;
  #droppedSaid = 0;

  constructor(buffer: LogBuffer, options: LogWriterOptions) {
    this.#buffer = buffer;
    this.#options = options;
    this.#running = this.#run();
  }

  /** Stores everything that was recorded, as far as that works within a bounded time. */
  async close(): Promise<void> {
    this.#closeUntilMs = Date.now() + CLOSE_MS_MAX;
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#storeWaiting();
      this.#sayDropped();
      await this.#pause(FLUSH_EVERY_MS);
    }
    await this.#storeWaiting();
    this.#buffer.dropRest();
    this.#sayDropped();
  }

  async #storeWaiting(): Promise<void> {
    for (;;) {
      const batch = this.#buffer.take(BATCH_LINES_MAX);
      if (batch.length === 0) return;
      this.#buffer.settle(batch, await this.#storeUntilDone(batch));
    }
  }

  async #storeUntilDone(batch: readonly LogRecord[]): Promise<'stored' | 'dropped'> {
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      const stored = await this.#options.store(batch);
      if (stored.kind === 'stored') return 'stored';
      this.#say(`log lines cannot be stored: ${stored.problem}`);
      if (stored.kind === 'unstorable' || Date.now() >= this.#closeUntilMs) return 'dropped';
      // While closing, the signal has fired already: wait without it, but never past the end of the time given.
      if (this.#closing.signal.aborted) await sleep(RETRY_MS_MIN);
      else await this.#pause(retryMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  #sayDropped(): void {
    if (this.#buffer.dropped === this.#droppedSaid) return;
    this.#say(`${this.#buffer.dropped - this.#droppedSaid} log lines were dropped`);
    this.#droppedSaid = this.#buffer.dropped;
  }

  #say(problem: string): void {
    this.#options.onProblem(problem, { dropped: this.#buffer.dropped, waiting: this.#buffer.size });
  }
}
