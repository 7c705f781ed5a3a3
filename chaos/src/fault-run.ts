import type { Chance } from './chance.ts';
import { FAULT_KINDS, type Fault, type FaultKind, type Heal } from './fault.ts';
import type { Tally } from './tally.ts';

/** How often of each kind in one deck; a run goes through as many decks as it has time for. */
const DECK: Readonly<Record<FaultKind, number>> = {
  'kill -9': 7,
  stopped: 3,
  'NATS killed': 2,
  'NATS leader killed': 2,
  'NATS leader moved': 3,
  'NATS stopped': 1,
  '2 of 3 NATS lost': 1,
  'Postgres killed': 1,
  'Postgres down': 1,
  'connections cut': 5,
  'connections frozen': 2,
  'disk full': 1,
  'slow consumer': 2,
};

/** Kinds in the order that they are to come: each once first, so that a short run has one of each. */
export const kindsToCome = function* (chance: Chance): Generator<FaultKind, never> {
  yield* chance.shuffled(FAULT_KINDS);
  for (;;) yield* chance.shuffled(FAULT_KINDS.flatMap((kind) => Array.from({ length: DECK[kind] }, () => kind)));
};

export interface FaultCount {
  done: number;
  /** Somebody waited for the answer to a command when it began. */
  counted: number;
}

export interface FaultRunOptions {
  readonly make: (kind: FaultKind) => Fault | undefined;
  readonly tally: Tally;
  readonly chance: Chance;
  readonly perMinute: number;
  readonly say: (line: string) => void;
}

interface On {
  readonly fault: Fault;
  readonly over: Promise<void>;
}

const ON_MAX = 3;
/** A kind whose turn has come while something holds what it needs waits; so many may wait. */
const WAITING_MAX = 8;
const IN_FLIGHT_WAIT_MS = 3_000;

/** One fault after the other, some at the same time, until it is told to end. */
export class FaultRun {
  readonly counts = new Map<FaultKind, FaultCount>();
  readonly problems: string[] = [];
  readonly #options: FaultRunOptions;
  readonly #on = new Set<On>();
  readonly #waiting: Fault[] = [];
  readonly #kinds: Generator<FaultKind, never>;
  #ended = false;
  #wake = (): void => {};

  constructor(options: FaultRunOptions) {
    this.#options = options;
    this.#kinds = kindsToCome(options.chance);
  }

  get on(): readonly string[] {
    return [...this.#on].map(({ fault }) => `${fault.kind} (${fault.target})`);
  }

  async run(): Promise<void> {
    const { perMinute, chance } = this.#options;
    const gapMs = 60_000 / perMinute;
    for (let nextAtMs = performance.now() + gapMs; ; nextAtMs += gapMs * (0.6 + 0.8 * chance.next())) {
      await this.#pause(nextAtMs - performance.now());
      if (this.#ended) return;
      const fault = this.#on.size < ON_MAX ? this.#next() : undefined;
      if (fault) await this.#set(fault);
    }
  }

  /** Begins no more, and takes away what is on. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#wake();
    await Promise.all([...this.#on].map(({ over }) => over));
  }

  #next(): Fault | undefined {
    const held = new Set([...this.#on].flatMap(({ fault }) => fault.holds));
    const isFree = (fault: Fault): boolean => fault.holds.every((name) => !held.has(name));
    const index = this.#waiting.findIndex(isFree);
    if (index >= 0) return this.#waiting.splice(index, 1)[0];
    while (this.#waiting.length < WAITING_MAX) {
      const fault = this.#options.make(this.#kinds.next().value);
      if (fault && isFree(fault)) return fault;
      if (fault) this.#waiting.push(fault);
    }
    return undefined;
  }

  async #set(fault: Fault): Promise<void> {
    const { tally, say } = this.#options;
    const inFlight = await tally.whenInFlight(IN_FLIGHT_WAIT_MS);
    const heal = await this.#begun(fault);
    if (!heal) return;
    const count = this.counts.get(fault.kind) ?? { done: 0, counted: 0 };
    this.counts.set(fault.kind, count);
    count.done += 1;
    if (inFlight) count.counted += 1;
    const seconds = Math.round((performance.now() - tally.startedAtMs) / 1_000);
    say(
      `${String(seconds).padStart(5)} s  ${fault.kind} (${fault.target})${inFlight ? '' : ', with nothing in flight'}`,
    );
    const on: On = { fault, over: this.#heal(fault, heal).finally(() => this.#on.delete(on)) };
    this.#on.add(on);
  }

  async #begun(fault: Fault): Promise<Heal | undefined> {
    try {
      return await fault.begin();
    } catch (error) {
      // Nobody leads just now, for one: there is nothing to do it to.
      this.problems.push(`${fault.kind} (${fault.target}) could not be done: ${String(error)}`);
      return undefined;
    }
  }

  async #heal(fault: Fault, heal: Heal): Promise<void> {
    const untilMs = performance.now() + fault.lastsMs;
    while (!this.#ended && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, Math.min(250, untilMs - performance.now())));
    try {
      await heal();
    } catch (error) {
      this.problems.push(`${fault.kind} (${fault.target}) did not heal: ${String(error)}`);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
