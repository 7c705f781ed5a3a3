import type { Chance } from './chance.ts';
import type { SimulatedTime } from './simulated-time.ts';

/** How likely what goes wrong is. */
export interface Weather {
  /** A request never arrives. */
  loseRequest: number;
  /** What was asked for is done, and the answer never arrives. */
  loseReply: number;
  /** A request arrives after its sender has given up on it. */
  late: number;
  latencyMaxMs: number;
}

export const CALM: Weather = { loseRequest: 0, loseReply: 0, late: 0, latencyMaxMs: 5 };

/** A request without an answer: nobody knows what became of it. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Between processes and servers. */
export class Network {
  weather: Weather = CALM;
  readonly time: SimulatedTime;
  readonly chance: Chance;

  constructor(time: SimulatedTime, chance: Chance) {
    this.time = time;
    this.chance = chance;
  }

  latencyMs(): number {
    return 1 + this.chance.below(this.weather.latencyMaxMs);
  }
}

const CALL_TIMEOUT_MS = 3_000;

/** One run of a program. When it is gone nothing that it began goes on, but what it has sent is on its way. */
export class Process {
  alive = true;
  /** How far its clock is off. */
  clockOffMs = 0;
  readonly name: string;
  private readonly network: Network;
  private readonly onCrash: (() => void) | undefined;
  private callsLeft = Number.POSITIVE_INFINITY;

  constructor(name: string, network: Network, onCrash?: () => void) {
    this.name = name;
    this.network = network;
    this.onCrash = onCrash;
  }

  readonly nowMs = (): number => this.network.time.nowMs + this.clockOffMs;

  /** It crashes at one of its next calls: right before it, or when it is done and not yet answered. */
  crashAfterCalls(calls: number): void {
    this.callsLeft = calls;
  }

  crash(): void {
    if (!this.alive) return;
    this.alive = false;
    this.onCrash?.();
  }

  after(delayMs: number, run: () => void): void {
    this.network.time.after(delayMs, () => {
      if (this.alive) run();
    });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Asks a server to do something. Every wait of the engine is one of these: each is a place to crash at. */
  call<T>(serve: () => T, timeoutMs = CALL_TIMEOUT_MS): Promise<T> {
    const { chance, time, weather } = this.network;
    if (!this.alive) return NEVER;
    const lastOne = (this.callsLeft -= 1) < 0;
    if (lastOne && chance.oneIn(2)) {
      this.crash();
      return NEVER;
    }
    return new Promise((resolve, reject) => {
      const noAnswer = (): void =>
        this.after(timeoutMs, () => reject(new NoAnswer(`no answer within ${timeoutMs} ms`)));
      if (chance.happens(weather.loseRequest)) {
        if (lastOne) this.crash();
        return noAnswer();
      }
      const late = chance.happens(weather.late);
      if (late) noAnswer();
      time.after(late ? timeoutMs + chance.below(timeoutMs) : this.network.latencyMs(), () => {
        const respond = served(serve, resolve, reject);
        if (lastOne) this.crash();
        if (!this.alive || late) return;
        if (chance.happens(weather.loseReply)) return noAnswer();
        // An answer of its own event is what others come in between of.
        if (chance.oneIn(2)) respond();
        else this.after(this.network.latencyMs(), respond);
      });
    });
  }
}

const NEVER = new Promise<never>(() => undefined);

const served = <T>(serve: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): (() => void) => {
  try {
    const value = serve();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
};
