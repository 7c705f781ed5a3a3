import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '@throughline/contracts';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';

interface ComposeService {
  readonly image?: string;
  readonly build?: {
    readonly dockerfile: string;
    readonly target?: string;
    readonly args?: { readonly PROGRAM?: string };
  };
  readonly healthcheck?: unknown;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, ComposeService>;
};
const dockerfile = readFileSync(join('deploy', 'docker', 'Dockerfile'), 'utf8');
const serviceOf = (name: string): ComposeService => {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`${name} is not in docker-compose.yml`);
  return service;
};

describe('docker-compose.yml', () => {
  test('passes dclint without a warning', () => {
    const dclint = join('node_modules', 'dclint', 'bin', 'dclint.cjs');
    const linted = spawnSync(
      process.execPath,
      [dclint, 'docker-compose.yml', '-c', 'deploy/dclint.json', '--max-warnings', '0'],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    );
    expect(linted.stdout.trim()).toBe('');
    expect(linted.status).toBe(0);
  });

  test.each([...SERVICES, 'front'])('%s is built as its own program and has a health check', (name) => {
    const service = serviceOf(name);
    expect(service.build?.args?.PROGRAM).toBe(name);
    expect(service.build?.dockerfile).toBe('deploy/docker/Dockerfile');
    expect(service.healthcheck).toBeDefined();
  });

  test.each(SERVICES)('%s waits for its tables, the log and Postgres, and finds its credentials', (name) => {
    const { depends_on: needs = {}, environment = {} } = serviceOf(name);
    expect(needs['migrations']?.condition).toBe('service_completed_successfully');
    expect(needs['nats']?.condition).toBe('service_healthy');
    expect(environment).toMatchObject({ NATS_URL: expect.any(String), DATABASE_URL: expect.any(String) });
    expect(environment['THROUGHLINE_API_KEYS_FILE']).toBe('/run/secrets/api-keys');
  });

  test('front knows where each service is', () => {
    const environment = serviceOf('front').environment ?? {};
    for (const name of SERVICES) {
      expect(environment[`${name.replaceAll('-', '_').toUpperCase()}_URL`]).toBe(`http://${name}:8080`);
    }
  });

  test('NATS, Postgres and Jaeger come with a fixed version', () => {
    for (const name of ['nats', 'postgres', 'jaeger']) expect(serviceOf(name).image).toMatch(/:\d+\.\d+/);
  });

  test('only addresses of this machine are published', () => {
    const published = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('the log is fsynced before it acknowledges', () => {
    expect(readFileSync(join('deploy', 'nats', 'nats-server.conf'), 'utf8')).toMatch(/sync_interval: always/);
  });
});

describe('Dockerfile', () => {
  test('is valid', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  test('starts from fixed versions of Node 24 and runs as an ordinary user', () => {
    const images = [...dockerfile.matchAll(/^FROM (node:\S+)/gm)].map(([, image]) => image);
    expect(images.length).toBeGreaterThan(1);
    for (const image of images) expect(image).toMatch(/^node:24\.\d+\.\d+-/);
    const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(lastStage).toMatch(/^USER node$/m);
    expect(lastStage).toMatch(/^HEALTHCHECK /m);
  });

  test('copies only what is in the repository', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(
      ([, paths]) => paths?.split(' ').slice(0, -1) ?? [],
    );
    const tracked = spawnSync('git', ['ls-files', '--', ...copied], { encoding: 'utf8' }).stdout.split('\n');
    for (const path of copied) expect(tracked.some((file) => file === path || file.startsWith(`${path}/`))).toBe(true);
  });
});
