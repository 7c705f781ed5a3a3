import { connect } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { STREAMS } from '@throughline/contracts';
import { connectNats } from '@throughline/event-log/jetstream';
import type { RunningNats } from '@throughline/local-system';
import type { Chance } from './chance.ts';
import type { ChaosSystem } from './chaos-system.ts';
import type { Fault, FaultKind, Heal } from './fault.ts';
import type { Keeper } from './keeper.ts';

export interface FaultsOptions {
  readonly chaos: ChaosSystem;
  readonly keeper: Keeper;
  readonly chance: Chance;
  readonly minutes: number;
}

/** What each kind holds that changes who leads, or takes servers away: one of them at a time. */
const NATS = 'NATS';
const POSTGRES = 'Postgres';
const RESTART_TRIES_MAX = 10;
const HEALTH_TIMEOUT_MS = 30_000;

/** Makes a fault of a kind; undefined where this system has nothing that it could be done to. */
export class Faults {
  readonly #chaos: ChaosSystem;
  readonly #keeper: Keeper;
  readonly #chance: Chance;
  readonly #postgresDownMs: number;

  constructor({ chaos, keeper, chance, minutes }: FaultsOptions) {
    this.#chaos = chaos;
    this.#keeper = keeper;
    this.#chance = chance;
    // A minute where there is time for one.
    this.#postgresDownMs = Math.min(60_000, Math.max(5_000, minutes * 6_000));
  }

  of(kind: FaultKind): Fault | undefined {
    switch (kind) {
      case 'kill -9':
        return this.#killed();
      case 'stopped':
        return this.#stopped();
      case 'NATS killed':
        return this.#natsKilled(kind, () => [this.#chance.pick([...this.#chaos.nats.keys()])]);
      case 'NATS leader killed':
        return this.#natsKilled(kind, async () => [await this.#leader()]);
      case '2 of 3 NATS lost':
        if (this.#chaos.nats.size < 3) return undefined;
        return this.#natsKilled(kind, () => this.#chance.shuffled([...this.#chaos.nats.keys()]).slice(0, 2));
      case 'NATS leader moved':
        return this.#chaos.nats.size < 3 ? undefined : this.#leaderMoved();
      case 'NATS stopped':
        return this.#natsStopped();
      case 'Postgres killed':
        return this.#postgresGone(kind, 0);
      case 'Postgres down':
        return this.#postgresGone(kind, this.#postgresDownMs);
      case 'connections cut':
        return this.#cut();
      case 'connections frozen':
        return this.#frozen();
      case 'disk full':
        return this.#diskFull();
      case 'slow consumer':
        return this.#slowConsumer();
    }
  }

  #anyProcess(): string {
    return this.#chance.pick([...this.#chaos.system.processes.keys()]);
  }

  #killed(): Fault {
    const target = this.#anyProcess();
    return {
      kind: 'kill -9',
      target,
      holds: [target],
      lastsMs: this.#chance.below(3_000),
      begin: async () => {
        this.#keeper.leave(target);
        await this.#chaos.system.processes.get(target)?.kill('SIGKILL');
        return () => this.#keeper.bringUp(target);
      },
    };
  }

  #stopped(): Fault {
    const target = this.#anyProcess();
    return {
      kind: 'stopped',
      target,
      holds: [target],
      lastsMs: this.#chance.between(2_000, 15_000),
      begin: async () => {
        this.#keeper.leave(target);
        const { pid } = this.#chaos.system.processes.get(target) ?? {};
        if (pid === undefined) return undefined;
        process.kill(pid, 'SIGSTOP');
        return async () => {
          process.kill(pid, 'SIGCONT');
          // It may have been given up meanwhile, and ended.
          this.#keeper.stay(target);
        };
      },
    };
  }

  #natsKilled(kind: FaultKind, victims: () => Promise<readonly string[]> | readonly string[]): Fault {
    return {
      kind,
      target: 'nats',
      holds: [NATS],
      lastsMs: this.#chance.between(1_000, kind === '2 of 3 NATS lost' ? 10_000 : 5_000),
      begin: async () => {
        const names = await victims();
        const servers = names.flatMap((name) => this.#chaos.nats.get(name) ?? []);
        if (servers.length === 0) return undefined;
        await Promise.all(servers.map((server) => server.kill('SIGKILL')));
        return async () => {
          await Promise.all(servers.map((server) => restarted(server)));
          await this.#natsWhole();
        };
      },
    };
  }

  #natsStopped(): Fault {
    const target = this.#chance.pick([...this.#chaos.nats.keys()]);
    return {
      kind: 'NATS stopped',
      target,
      holds: [NATS],
      lastsMs: this.#chance.between(2_000, 12_000),
      begin: async () => {
        const server = this.#chaos.nats.get(target);
        await server?.kill('SIGSTOP');
        return async () => {
          await server?.kill('SIGCONT');
          await this.#natsWhole();
        };
      },
    };
  }

  #leaderMoved(): Fault {
    const stream = this.#chance.pick([STREAMS.log, STREAMS.log, STREAMS.commands, STREAMS.tasks, STREAMS.timers]);
    return {
      kind: 'NATS leader moved',
      target: stream,
      holds: [NATS],
      lastsMs: 0,
      begin: async () => {
        const nc = await connectNats({ url: this.#chaos.direct.natsUrl, name: 'chaos' });
        try {
          await nc.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, '', { timeout: 5_000 });
        } finally {
          await nc.close();
        }
        return () => {};
      },
    };
  }

  /** The server that leads the log. */
  async #leader(): Promise<string> {
    const [only, ...others] = [...this.#chaos.nats.keys()];
    if (only !== undefined && others.length === 0) return only;
    const nc = await connectNats({ url: this.#chaos.direct.natsUrl, name: 'chaos' });
    try {
      const manager = await jetstreamManager(nc, { checkAPI: false });
      return (await manager.streams.info(STREAMS.log)).cluster?.leader ?? '';
    } finally {
      await nc.close();
    }
  }

  /** Every server has every stream in use again, so that the next fault meets a whole cluster. */
  async #natsWhole(): Promise<void> {
    const endsAt = Date.now() + HEALTH_TIMEOUT_MS;
    while (Date.now() < endsAt) {
      const healthy = await Promise.all([...this.#chaos.nats.values()].map(isHealthy));
      if (healthy.every(Boolean)) return;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  #postgresGone(kind: FaultKind, lastsMs: number): Fault {
    const { postgres } = this.#chaos;
    return {
      kind,
      target: 'postgres',
      holds: [POSTGRES],
      lastsMs,
      begin: async () => {
        await (lastsMs === 0 ? postgres.kill('SIGKILL') : postgres.stop());
        return () => restarted(postgres);
      },
    };
  }

  #cut(): Fault {
    const target = this.#chance.pick([...this.#chaos.proxies.keys()]);
    const share = this.#chance.pick([0.3, 0.6, 1]);
    return {
      kind: 'connections cut',
      target,
      holds: [],
      lastsMs: 0,
      begin: () => {
        const cut = this.#chaos.proxies.get(target)?.cut(share, this.#chance) ?? 0;
        return cut === 0 ? undefined : () => {};
      },
    };
  }

  #frozen(): Fault {
    const target = this.#chance.pick([...this.#chaos.proxies.keys()]);
    return {
      kind: 'connections frozen',
      target,
      holds: [target === 'postgres' ? POSTGRES : NATS],
      lastsMs: this.#chance.between(3_000, 20_000),
      begin: () => {
        const proxy = this.#chaos.proxies.get(target);
        proxy?.freeze();
        return () => proxy?.thaw();
      },
    };
  }

  #diskFull(): Fault | undefined {
    const { disk, nats } = this.#chaos;
    if (!disk) return undefined;
    const server = nats.get(disk.serverName);
    return {
      kind: 'disk full',
      target: disk.serverName,
      holds: [NATS],
      lastsMs: this.#chance.between(3_000, 8_000),
      begin: () => {
        disk.small.fill();
        return async () => {
          disk.small.free();
          // A server that could not write gives JetStream up and hangs when told to stop: its operator makes room, kills it, and starts it again.
          await server?.kill('SIGKILL');
          if (server) await restarted(server);
          await this.#natsWhole();
        };
      },
    };
  }

  /** Somebody subscribes to everything and reads nothing, and one connection of a service is not read from either. */
  #slowConsumer(): Fault {
    const target = this.#chance.pick([...this.#chaos.nats.keys()]);
    return {
      kind: 'slow consumer',
      target,
      holds: [],
      lastsMs: this.#chance.between(8_000, 15_000),
      begin: (): Heal => {
        const { url } = this.#chaos.nats.get(target) ?? { url: '' };
        const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
        socket.on('error', () => {}); // the server cuts it off: that is what it should do
        socket.pause();
        socket.write('CONNECT {"verbose":false}\r\nSUB > 1\r\nPING\r\n');
        const readAgain = this.#chaos.proxies.get(target)?.stallOne(this.#chance);
        return () => {
          socket.destroy();
          readAgain?.();
        };
      },
    };
  }
}

const isHealthy = async ({ monitorUrl }: RunningNats): Promise<boolean> => {
  try {
    const response = await fetch(`${monitorUrl}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
};

/** Processes of the one before may still be going away. */
const restarted = async (server: { restart(): Promise<void> }): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await server.restart();
    } catch (error) {
      if (tries === RESTART_TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
};
