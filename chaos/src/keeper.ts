import type { RunningService } from '@throughline/local-system';

const LOOK_EVERY_MS = 500;
const TRY_EVERY_MS = 1_000;

/** Starts again whatever process has ended, as an orchestrator of containers does. */
export class Keeper {
  readonly #processes: ReadonlyMap<string, RunningService>;
  readonly #say: (line: string) => void;
  /** Whose end is a fault that heals by itself. */
  readonly #left = new Set<string>();
  readonly #starting = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  /** By name: ends that nobody had caused. */
  readonly endedByThemselves = new Map<string, number>();

  constructor(processes: ReadonlyMap<string, RunningService>, say: (line: string) => void) {
    this.#processes = processes;
    this.#say = say;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Leaves this process to whoever does something to it. */
  leave(name: string): void {
    this.#left.add(name);
  }

  /** Whatever was done to it is over; it is looked after again. */
  stay(name: string): void {
    this.#left.delete(name);
  }

  /** Resolves when it is up again, however often that has to be tried. */
  bringUp(name: string): Promise<void> {
    this.#left.delete(name);
    const known = this.#starting.get(name);
    if (known) return known;
    const starting = this.#restart(name).finally(() => this.#starting.delete(name));
    this.#starting.set(name, starting);
    return starting;
  }

  /** Every process is up; false where that takes longer. */
  async allUp(timeoutMs: number): Promise<boolean> {
    const endsAt = Date.now() + timeoutMs;
    while (Date.now() < endsAt) {
      if (this.#starting.size === 0 && [...this.#processes.values()].every(isAlive)) return true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return false;
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    await Promise.all(this.#starting.values());
  }

  #look(): void {
    for (const [name, process] of this.#processes) {
      if (this.#left.has(name) || this.#starting.has(name) || isAlive(process)) continue;
      this.endedByThemselves.set(name, (this.endedByThemselves.get(name) ?? 0) + 1);
      this.#say(`${name} has ended by itself and is started again; its log: ${process.logFile}`);
      void this.bringUp(name);
    }
  }

  async #restart(name: string): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#processes.get(name)?.restart();
        return;
      } catch {
        // What it stands on is away itself: it is tried until that is back.
        await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
      }
    }
  }
}

const isAlive = ({ pid }: RunningService): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
