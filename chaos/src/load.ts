import { createClient } from '@throughline/client';
import { jetstreamManager } from '@nats-io/jetstream';
import { STREAMS } from '@throughline/contracts';
import { connectNats, createCommandSender, type NatsConnection } from '@throughline/event-log/jetstream';
import { AcknowledgedRecord } from '@throughline/testkit/checker';
import type { Chance } from './chance.ts';
import type { ChaosSystem } from './chaos-system.ts';
import { Commander } from './commander.ts';
import { machinesFor } from './machines.ts';
import { type Clients, SCENARIOS } from './scenarios.ts';
import type { Tally } from './tally.ts';

/** Executions whose clients are busy at once. */
const LANES = 192;
/** A start leads to this many acknowledged commands, about: what the rate is kept by. */
const COMMANDS_PER_START = 18;
/** More tasks than this wait for workers: nothing new is started until they have caught up. */
const TASKS_WAITING_MAX = 4_000;
const LOOK_EVERY_MS = 1_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** Starts executions at a steady rate, as fast as their clients are answered, and plays their clients. */
export class Load {
  readonly record = new AcknowledgedRecord();
  readonly #system: ChaosSystem;
  readonly #tally: Tally;
  readonly #chance: Chance;
  readonly #rate: number;
  #connections: readonly NatsConnection[] = [];
  #commander: Commander | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #stopping = false;
  #nextStartAtMs = 0;
  #tasksWaiting = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(
    system: ChaosSystem,
    tally: Tally,
    { chance, rate }: { readonly chance: Chance; /** Commands a second. */ readonly rate: number },
  ) {
    this.#system = system;
    this.#tally = tally;
    this.#chance = chance;
    this.#rate = rate;
  }

  async begin(): Promise<void> {
    const { system, sink } = this.#system;
    const http = createClient({
      url: system.frontUrl,
      apiKey: system.apiKey,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    const [adasKeys] = system.people;
    if (!adasKeys) throw new Error('nobody may approve');
    const ada = createClient({ url: system.frontUrl, apiKey: adasKeys.key, requestTimeoutMs: REQUEST_TIMEOUT_MS });
    for (const [name, definition] of Object.entries(machinesFor(sink.url)))
      await http.registerWorkflow({ name, definition });
    this.#connections = await Promise.all(
      ['chaos-a', 'chaos-b'].map((name) => connectNats({ url: system.natsUrl, name })),
    );
    const senders = this.#connections.map((nc) => createCommandSender(nc));
    this.#commander = new Commander(senders, this.record, this.#tally, this.#chance);
    const clients = {
      commander: this.#commander,
      http,
      ada,
      record: this.record,
      sink,
      chance: this.#chance,
      isOver: () => this.#stopping,
    };
    this.#nextStartAtMs = performance.now();
    this.#running = Promise.all(Array.from({ length: LANES }, () => this.#lane(clients)));
    this.#looking = this.#keepLooking();
  }

  /** Starts nothing more, and waits until whoever has sent a command is answered, at most so long. */
  async end(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    const giveUp = setTimeout(() => this.#commander?.giveUp(), timeoutMs);
    await this.#running;
    clearTimeout(giveUp);
    await this.#looking;
    await Promise.all(this.#connections.map((nc) => nc.close()));
  }

  async #lane(clients: Clients): Promise<void> {
    const weights = SCENARIOS.flatMap((scenario) => Array.from({ length: scenario.weight }, () => scenario));
    while (!this.#stopping) {
      await this.#turn();
      if (this.#stopping) return;
      await clients.chance.pick(weights).run(clients);
    }
  }

  async #turn(): Promise<void> {
    const gapMs = (1_000 / this.#rate) * COMMANDS_PER_START;
    const nowMs = performance.now();
    // What an outage kept back is not caught up on by a storm.
    this.#nextStartAtMs = Math.max(this.#nextStartAtMs + gapMs, nowMs - 1_000);
    const waitMs = this.#nextStartAtMs - nowMs;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    while (this.#tasksWaiting > TASKS_WAITING_MAX && !this.#stopping)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }

  async #keepLooking(): Promise<void> {
    const [nc] = this.#connections;
    if (!nc) return;
    const manager = await jetstreamManager(nc, { checkAPI: false });
    while (!this.#stopping) {
      const info = await manager.streams.info(STREAMS.tasks).catch(() => undefined); // an outage
      this.#tasksWaiting = info?.state.messages ?? this.#tasksWaiting;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
