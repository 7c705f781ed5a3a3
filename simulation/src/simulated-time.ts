interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Time that passes only from one event to the next: an hour of waiting costs nothing. */
export class SimulatedTime {
  nowMs: number;
  events = 0;
  /** A heap: the first one is the next to happen. */
  private readonly heap: Event[] = [];
  private ordered = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  after(delayMs: number, run: () => void): void {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), order: (this.ordered += 1), run };
    let at = this.heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.heap[above];
      if (!parent || !before(event, parent)) break;
      this.heap[at] = parent;
      at = above;
    }
    this.heap[at] = event;
  }

  /** Runs events until `done`, or until there are none; true where `done` said so. Between two, every promise goes as far as it can. */
  async run(done: () => boolean, eventsMax: number): Promise<boolean> {
    for (const last = this.events + eventsMax; this.events < last; this.events += 1) {
      if (done()) return true;
      const event = this.take();
      if (!event) return done();
      this.nowMs = event.atMs;
      event.run();
      await settled();
    }
    return false;
  }

  private take(): Event | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (first === undefined || last === undefined || this.heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const a = this.heap[left];
      const b = this.heap[left + 1];
      const [child, where] = a && b && before(b, a) ? [b, left + 1] : [a, left];
      if (!child || !before(child, last)) break;
      this.heap[at] = child;
      at = where;
    }
    this.heap[at] = last;
    return first;
  }
}

/** The engine waits for nothing but promises, and before its next tick Node goes on with every one of them that can. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
