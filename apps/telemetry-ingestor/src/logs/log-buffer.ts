import type { LogRecord } from '@throughline/contracts';

/** Log lines between the broker and Postgres. Nobody ever waits for room: what does not fit is dropped and counted. */
export class LogBuffer {
  readonly #linesMax: number;
  #lines: LogRecord[] = [];
  #taken = 0;
  #recorded = 0;
  #dropped = 0;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** Lines that are held, those in a batch that is being stored included. */
  get size(): number {
    return this.#lines.length + this.#taken;
  }
  get recorded(): number {
    return this.#recorded;
  }
  get dropped(): number {
    return this.#dropped;
  }

  /** False where the line was dropped. */
  record(line: LogRecord): boolean {
    if (this.size >= this.#linesMax) {
      this.#dropped += 1;
      return false;
    }
    this.#recorded += 1;
    this.#lines.push(line);
    return true;
  }

  /** The oldest lines; they count as held until `settle`. */
  take(linesMax: number): readonly LogRecord[] {
    const batch = this.#lines.splice(0, linesMax);
    this.#taken += batch.length;
    return batch;
  }

  /** The batch is stored, or it is given up and counted as dropped. */
  settle(batch: readonly LogRecord[], outcome: 'stored' | 'dropped'): void {
    this.#taken -= batch.length;
    if (outcome === 'dropped') this.#dropped += batch.length;
  }

  /** Gives up what is left. */
  dropRest(): void {
    this.#dropped += this.#lines.length;
    this.#lines = [];
  }
}
