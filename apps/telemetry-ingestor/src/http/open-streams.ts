import { refuse } from '@throughline/service-host';

/** How many event streams are open, and the way to end them all. */
export class OpenStreams {
  readonly #streamsMax: number;
  readonly #open = new Set<AbortController>();
  #closed = false;

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Runs one stream; its signal fires when the service stops. */
  async run(stream: (abort: AbortController) => Promise<void>): Promise<void> {
    if (this.#closed) return refuse('TL0008', 'the service is stopping: come back in a moment');
    if (this.#open.size >= this.#streamsMax) return refuse('TL0010', `${this.#streamsMax} streams are open already`);
    const abort = new AbortController();
    this.#open.add(abort);
    try {
      await stream(abort);
    } finally {
      this.#open.delete(abort);
    }
  }

  close(): void {
    this.#closed = true;
    for (const abort of this.#open) abort.abort();
  }
}
