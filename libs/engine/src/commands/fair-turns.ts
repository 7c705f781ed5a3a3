import type { Tenant } from '@throughline/contracts';

interface Line {
  readonly waiting: (() => void)[];
  running: number;
}

/**
 * Whose work begins next, where several tenants have some. Each may always have its share of what runs at once; who has least
 * under way goes first with the rest, so a tenant that sends twenty times as much as others waits behind itself. A tenant that is alone is
 * not held up at all. Of one tenant's, what came first begins first.
 */
export class FairTurns {
  private readonly runningMax: number;
  private readonly lines = new Map<Tenant, Line>();
  private running = 0;
  private waitingNow = 0;

  constructor(runningMax: number) {
    this.runningMax = runningMax;
  }

  get waiting(): number {
    return this.waitingNow;
  }

  /** Tenants that have something waiting or running. */
  get tenants(): number {
    return this.lines.size;
  }

  /** What a tenant has waiting and running. */
  held(tenant: Tenant): number {
    const line = this.lines.get(tenant);
    return line ? line.waiting.length + line.running : 0;
  }

  async run<T>(tenant: Tenant, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(tenant) ?? { waiting: [], running: 0 };
    this.lines.set(tenant, line);
    if (line.waiting.length > 0 || !this.mayBegin(line)) {
      this.waitingNow += 1;
      await new Promise<void>((begin) => line.waiting.push(begin));
    } else this.begin(line);
    try {
      return await work();
    } finally {
      line.running -= 1;
      this.running -= 1;
      if (line.running + line.waiting.length === 0) this.lines.delete(tenant);
      this.beginWaiting();
    }
  }

  private mayBegin(line: Line): boolean {
    if (this.lines.size === 1 || this.running < this.runningMax) return true;
    return line.running < Math.max(1, Math.floor(this.runningMax / this.lines.size));
  }

  private begin(line: Line): void {
    line.running += 1;
    this.running += 1;
  }

  private beginWaiting(): void {
    while (this.waitingNow > 0) {
      const line = this.leastRunning();
      if (!line || !this.mayBegin(line)) return;
      const next = line.waiting.shift();
      if (!next) return;
      this.waitingNow -= 1;
      this.begin(line);
      next();
    }
  }

  private leastRunning(): Line | undefined {
    let least: Line | undefined;
    for (const line of this.lines.values()) {
      if (line.waiting.length > 0 && (!least || line.running < least.running)) least = line;
    }
    return least;
  }
}
