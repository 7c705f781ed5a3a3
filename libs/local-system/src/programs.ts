import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SERVICES, type ServiceName } from '@throughline/contracts';
import { CHECKOUT } from './checkout.ts';
import type { ExampleName, ExampleServer, Ports } from './ports.ts';

/** One program of the system: what to run, and where it says that it is ready. */
export interface Program {
  readonly name: string;
  readonly nodeArgs: readonly string[];
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly readyUrl: string;
}

/**
 * Most of what a service allocates lives for one batch. In Node's own 16 MB of young space much of it is copied about
 * before it dies: with 64 MB a step costs 7 % less processor time over all processes (docs/performance.md).
 */
const NODE_ARGS = ['--enable-source-maps', '--max-semi-space-size=64'];

const OTEL_MODULE = join(CHECKOUT, 'libs', 'service-host', 'dist', 'otel.js');

/** One for each instance; the first is named as the service is, the others are `orchestrator-2`, `orchestrator-3`, … */
export const servicePrograms = (service: ServiceName, ports: Ports): readonly Program[] =>
  ports.instances[service].map((port, index) => instanceProgram(service, port, nameOf(service, index)));

const nameOf = (service: ServiceName, index: number): string => (index === 0 ? service : `${service}-${index + 1}`);

const instanceProgram = (service: ServiceName, port: number, name: string): Program => ({
  name,
  nodeArgs: [...NODE_ARGS, '--import', pathToFileURL(OTEL_MODULE).href],
  entry: join(CHECKOUT, 'apps', service, 'dist', 'main.js'),
  env: { PORT: String(port), OTEL_SERVICE_NAME: service, THROUGHLINE_INSTANCE: name },
  readyUrl: `${urlOf(port)}/health/ready`,
});

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

/** ORCHESTRATOR_URL, STEP_WORKER_URL, …: where front finds the instances of each service. */
export const urlVariableOf = (service: ServiceName): string => `${service.replaceAll('-', '_').toUpperCase()}_URL`;

export const frontProgram = (ports: Ports): Program => ({
  name: 'front',
  nodeArgs: ['--enable-source-maps'],
  entry: join(CHECKOUT, 'apps', 'front', 'dist', 'main.js'),
  env: {
    PORT: String(ports.front),
    ...Object.fromEntries(
      SERVICES.map((service) => [urlVariableOf(service), ports.instances[service].map(urlOf).join(',')]),
    ),
  },
  readyUrl: `${urlOf(ports.front)}/health/live`,
});

export const exampleProgram = (example: ExampleName, server: ExampleServer, ports: Ports): Program => ({
  name: server,
  nodeArgs: ['--enable-source-maps'],
  entry: join(CHECKOUT, 'examples', example, 'dist', `${server}.js`),
  env: { PORT: String(ports.examples[server]) },
  readyUrl: `${urlOf(ports.examples[server])}/health/live`,
});

export function checkBuilt(program: Program): void {
  if (!existsSync(program.entry)) throw new Error(`${program.entry} is not there: run "npm run build" first.`);
}
