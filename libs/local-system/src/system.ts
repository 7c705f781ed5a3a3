import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@throughline/contracts';
import { localKey } from './api-key.ts';
import { taskTokenKeyFile } from './task-token-key.ts';
import { keysOfPerson, type Person, type PersonsKeys } from './people.ts';
import { makeSecret } from './secrets.ts';
import type { ProcessFailed } from './child-process.ts';
import { postgresHome } from './checkout.ts';
import { migrate } from './migrate.ts';
import { startNats, type RunningNats } from './nats-server.ts';
import {
  type ExampleName,
  EXAMPLES,
  type ExampleServer,
  freePorts,
  type InstanceCounts,
  portBaseOf,
  type Ports,
  portsFrom,
  takenPorts,
  type WantedPort,
} from './ports.ts';
import { claimPostgresHome } from './postgres-home.ts';
import { startPostgres, type RunningPostgres } from './postgres.ts';
import { exampleProgram, frontProgram, servicePrograms, type Program } from './programs.ts';
import { startService, type RunningService } from './service-process.ts';

export interface SystemOptions {
  /** Data, logs and keys: a second start from the same home goes on with the first one's. */
  readonly home: string;
  /** First of the ports; `'free'` takes any, for tests. Otherwise THROUGHLINE_PORT_BASE, or 7400. */
  readonly portBase?: number | 'free';
  /** Which services to start; all five where not given. */
  readonly services?: readonly ServiceName[];
  /** Of each service so many processes, named `orchestrator`, `orchestrator-2`, …; one of each where not given. */
  readonly instances?: InstanceCounts;
  /** Added to the environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Modules of SDK handlers that step-worker loads, as absolute paths. */
  readonly handlers?: readonly string[];
  /** The servers of this example too. */
  readonly example?: ExampleName;
  /** People with a key of their own beside the local one. */
  readonly people?: readonly Person[];
  /** Names of secrets to make where there are none: what a webhook is signed with. */
  readonly secrets?: readonly string[];
  /** Used instead of starting one. */
  readonly natsUrl?: string;
  /** Used instead of starting one. */
  readonly databaseUrl?: string;
  readonly onProgress?: (line: string) => void;
  /** Told of a service that ends without having been asked to; the message holds the end of its log. */
  readonly onUnexpectedExit?: (failure: ProcessFailed) => void;
  /** False for tests whose read models need not survive power loss; the log is always fsynced. */
  readonly durablePostgres?: boolean;
}

export interface RunningSystem {
  readonly natsUrl: string;
  readonly natsMonitorUrl: string | undefined;
  readonly databaseUrl: string;
  readonly apiKey: string;
  readonly apiKeysFile: string;
  readonly localKeyFile: string;
  readonly frontUrl: string;
  /** Of the first instance of each. */
  readonly serviceUrls: Readonly<Record<ServiceName, string>>;
  readonly exampleUrls: Readonly<Record<ExampleServer, string>>;
  /** In the order asked for. */
  readonly people: readonly PersonsKeys[];
  /** By name: the services, their further instances (`orchestrator-2`), `front` and the example's servers. */
  readonly processes: ReadonlyMap<string, RunningService>;
  readonly nats: RunningNats | undefined;
  readonly postgres: RunningPostgres | undefined;
  /** Services first, then the servers that they stand on; every wait is bounded. */
  stop(): Promise<void>;
}

/** Starts the whole system as processes of this machine. When a part does not come up, stops the rest and throws. */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const started = new Starting(options);
  try {
    return await started.run();
  } catch (error) {
    await started.stop();
    throw error;
  }
}

class Starting {
  private readonly options: SystemOptions;
  private readonly processes = new Map<string, RunningService>();
  private nats: RunningNats | undefined;
  private postgres: RunningPostgres | undefined;
  constructor(options: SystemOptions) {
    this.options = options;
  }

  async run(): Promise<RunningSystem> {
    const { home, people = [], secrets = [], portBase = portBaseOf(process.env), instances } = this.options;
    const services = this.options.services ?? SERVICES;
    mkdirSync(join(home, 'logs'), { recursive: true });
    const ports = portBase === 'free' ? await freePorts(instances) : portsFrom(portBase, instances);
    await this.checkPorts(ports, services);
    const { natsUrl, databaseUrl } = await this.startServers(ports);
    const frontUrl = `http://127.0.0.1:${ports.front}`;
    const { key: apiKey, apiKeysFile, localKeyFile } = localKey(home, frontUrl);
    const personsKeys = people.map((person) => keysOfPerson(home, apiKeysFile, person));
    const environment = this.environment({ natsUrl, databaseUrl, apiKeysFile, ports });
    for (const name of secrets) makeSecret(environment['THROUGHLINE_SECRETS_DIR'], name);
    const programs = [
      ...services.flatMap((service) => servicePrograms(service, ports)),
      frontProgram(ports),
      ...this.exampleServers().map(({ example, server }) => exampleProgram(example, server, ports)),
    ];
    await this.startPrograms(programs, environment, { services, databaseUrl });
    return {
      natsUrl,
      natsMonitorUrl: this.nats?.monitorUrl,
      databaseUrl,
      apiKey,
      apiKeysFile,
      localKeyFile,
      frontUrl,
      serviceUrls: urlsOf(ports.services),
      exampleUrls: urlsOf(ports.examples),
      people: personsKeys,
      processes: this.processes,
      nats: this.nats,
      postgres: this.postgres,
      stop: () => this.stop(),
    };
  }

  private exampleServers(): readonly { example: ExampleName; server: ExampleServer }[] {
    const { example } = this.options;
    return example === undefined ? [] : EXAMPLES[example].map((server) => ({ example, server }));
  }

  private async checkPorts(ports: Ports, services: readonly ServiceName[]): Promise<void> {
    const { natsUrl, databaseUrl } = this.options;
    const wanted: WantedPort[] = [
      { port: ports.front, name: 'front' },
      ...services.flatMap((name) => ports.instances[name].map((port) => ({ port, name }))),
      ...(natsUrl === undefined
        ? [
            { port: ports.nats, name: 'NATS' },
            { port: ports.natsMonitor, name: 'NATS monitor' },
          ]
        : []),
      ...(databaseUrl === undefined ? [{ port: ports.postgres, name: 'Postgres' }] : []),
      ...this.exampleServers().map(({ server }) => ({ port: ports.examples[server], name: server })),
    ];
    const taken = await takenPorts(wanted);
    if (taken !== undefined) throw new Error(taken);
  }

  private async startServers(ports: Ports): Promise<{ natsUrl: string; databaseUrl: string }> {
    const { home, onProgress, durablePostgres = true } = this.options;
    let { natsUrl, databaseUrl } = this.options;
    if (natsUrl === undefined) {
      onProgress?.('starting nats-server');
      const [logFile, dir] = [join(home, 'logs', 'nats-server.log'), join(home, 'nats')];
      this.nats = await startNats({ dir, port: ports.nats, monitorPort: ports.natsMonitor, logFile });
      natsUrl = this.nats.url;
    }
    if (databaseUrl === undefined) {
      onProgress?.('starting Postgres');
      claimPostgresHome(home, postgresHome(home));
      const [logFile, dir] = [join(home, 'logs', 'postgres.log'), join(postgresHome(home), 'postgres')];
      this.postgres = await startPostgres({ dir, port: ports.postgres, logFile, durable: durablePostgres });
      databaseUrl = this.postgres.url;
    }
    return { natsUrl, databaseUrl };
  }

  private async makeTables(services: readonly ServiceName[], databaseUrl: string): Promise<void> {
    for (const service of services) {
      this.options.onProgress?.(`tables of ${service}`);
      await migrate({ service, databaseUrl });
    }
  }

  private environment(at: {
    natsUrl: string;
    databaseUrl: string;
    apiKeysFile: string;
    ports: Ports;
  }): NodeJS.ProcessEnv {
    const { handlers = [], env = {} } = this.options;
    return {
      // Results and secrets have their place beside the data, unless the caller's environment says another.
      THROUGHLINE_DELIVERY_DIR: join(this.options.home, 'results'),
      THROUGHLINE_SECRETS_DIR: join(this.options.home, 'secrets'),
      ...process.env,
      HOST: '127.0.0.1',
      NATS_URL: at.natsUrl,
      DATABASE_URL: at.databaseUrl,
      THROUGHLINE_API_KEYS_FILE: at.apiKeysFile,
      THROUGHLINE_TASK_TOKEN_KEY_FILE: taskTokenKeyFile(this.options.home),
      ...(this.nats === undefined ? {} : { NATS_MONITOR_URL: this.nats.monitorUrl }),
      ...(handlers.length === 0 ? {} : { THROUGHLINE_HANDLERS: handlers.join(',') }),
      ...env,
    };
  }

  /**
   * The orchestrator makes and checks the streams, so it is up before anything that reads them; the others' tables are made
   * meanwhile.
   */
  private async startPrograms(
    programs: readonly Program[],
    env: NodeJS.ProcessEnv,
    { services, databaseUrl }: { services: readonly ServiceName[]; databaseUrl: string },
  ): Promise<void> {
    const isFirst = (name: string): boolean => name === 'orchestrator';
    await this.makeTables(services.filter(isFirst), databaseUrl);
    const first = programs.filter(({ name }) => isFirst(name)).map((program) => this.startProgram(program, env));
    const others = services.filter((name) => !isFirst(name));
    await allOf([...first, this.makeTables(others, databaseUrl)]);
    await allOf(programs.filter(({ name }) => !isFirst(name)).map((program) => this.startProgram(program, env)));
  }

  private async startProgram(program: Program, env: NodeJS.ProcessEnv): Promise<void> {
    this.options.onProgress?.(`starting ${program.name}`);
    const logFile = join(this.options.home, 'logs', `${program.name}.log`);
    const running = await startService({ program, env, logFile, onUnexpectedExit: this.options.onUnexpectedExit });
    this.processes.set(program.name, running);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((running) => running.stop()));
    await Promise.all([this.nats?.stop(), this.postgres?.stop()]);
  }
}

/** Waits for each, also where one has failed: what was started is then there to be stopped. */
async function allOf(starting: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(starting);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function urlsOf<N extends string>(ports: Readonly<Record<N, number>>): Record<N, string> {
  // Same keys as given, which fromEntries cannot express.
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, `http://127.0.0.1:${String(port)}`]),
  ) as Record<N, string>;
}
