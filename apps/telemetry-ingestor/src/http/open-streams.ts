import { refuse } from '@throughline/service-host';

/** How many event streams are open, and the way to end them all. */
export class OpenStreams {
  readonly #streamsMax: number;
  readonly #open = new Set<AbortController>();
  #closed = false;
  #cut = 0;

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Streams whose readers were too slow. */
  get cut(): number {
    return this.#cut;
  }

  /** Runs one stream; its signal fires when the service stops. */
  async run(stream: (abort: AbortController) => Promise<'ended' | 'cut'>): Promise<void> {
    if (this.#closed) return refuse('TL0008', 'the service is stopping: come back in a moment');
    if (this.#open.size >= this.#streamsMax) return refuse('TL0010', `${this.#streamsMax} streams are open already`);
    const abort = new AbortController();
    this.#open.add(abort);
    try {
      if ((await stream(abort)) === 'cut') this.#cut += 1;
    } finally {
      this.#open.delete(abort);
    }
  }

  close(): void {
    this.#closed = true;
    for (const abort of this.#open) abort.abort();
  }
}
