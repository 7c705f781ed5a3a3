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

export const serviceProgram = (service: ServiceName, ports: Ports): Program => ({
  name: service,
  nodeArgs: [...NODE_ARGS, '--import', pathToFileURL(OTEL_MODULE).href],
  entry: join(CHECKOUT, 'apps', service, 'dist', 'main.js'),
  env: { PORT: String(ports.services[service]), OTEL_SERVICE_NAME: service },
  readyUrl: `http://127.0.0.1:${ports.services[service]}/health/ready`,
});

/** ORCHESTRATOR_URL, STEP_WORKER_URL, …: where front finds each service. */
export const urlVariableOf = (service: ServiceName): string => `${service.replaceAll('-', '_').toUpperCase()}_URL`;

export const frontProgram = (ports: Ports): Program => ({
  name: 'front',
  nodeArgs: ['--enable-source-maps'],
  entry: join(CHECKOUT, 'apps', 'front', 'dist', 'main.js'),
  env: {
    PORT: String(ports.front),
    ...Object.fromEntries(SERVICES.map((name) => [urlVariableOf(name), `http://127.0.0.1:${ports.services[name]}`])),
  },
  readyUrl: `http://127.0.0.1:${ports.front}/health/live`,
});

export const exampleProgram = (example: ExampleName, server: ExampleServer, ports: Ports): Program => ({
  name: server,
  nodeArgs: ['--enable-source-maps'],
  entry: join(CHECKOUT, 'examples', example, 'dist', `${server}.js`),
  env: { PORT: String(ports.examples[server]) },
  readyUrl: `http://127.0.0.1:${ports.examples[server]}/health/live`,
});

export function checkBuilt(program: Program): void {
  if (!existsSync(program.entry)) throw new Error(`${program.entry} is not there: run "npm run build" first.`);
}
