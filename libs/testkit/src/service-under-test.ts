import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSIONS, type ServiceName } from '@throughline/contracts';
import { createService, type ServiceOptions } from '@throughline/service-host';
import type { TestServers } from './servers.ts';

/** Whose key: a tenant's, or one of its people's. */
interface Asking {
  readonly tenant?: string;
  readonly as?: string;
}

export interface ServiceUnderTest {
  readonly url: string;
  /** A request with the key of a tenant. */
  request(path: string, init?: RequestInit & Asking): Promise<Response>;
  /** Its answer as JSON; the caller says what to expect of it. */
  json<T>(path: string, init?: RequestInit & Asking): Promise<{ readonly status: number; readonly body: T }>;
  close(): Promise<void>;
}

const TENANTS = ['default', 'globex'];
const keyOf = (tenant: string): string => `tlk_${tenant}_${'s'.repeat(40)}`;

/** Somebody of the tenant `default` beside its one key. */
export interface PersonUnderTest {
  readonly id: string;
  readonly roles?: readonly string[];
  readonly signingKeys?: readonly object[];
}

const writeKeys = (file: string, people: readonly PersonUnderTest[]): void => {
  const keys = [
    ...TENANTS.map((id) => ({ id, tenant: id })),
    ...people.map((person) => ({ ...person, tenant: 'default' })),
  ];
  const entries = keys.map((key) => ({
    ...key,
    sha256: createHash('sha256').update(keyOf(key.id)).digest('hex'),
    permissions: PERMISSIONS,
  }));
  writeFileSync(file, JSON.stringify({ keys: entries }));
};

/** One service in this process, over real servers, on a free port, with a key for the tenants `default` and `globex`. */
export const startServiceUnderTest = async (
  service: ServiceName,
  servers: TestServers,
  { people = [], ...options }: Omit<ServiceOptions, 'config'> & { readonly people?: readonly PersonUnderTest[] },
): Promise<ServiceUnderTest> => {
  const apiKeysFile = join(servers.dir, `${service}-keys.json`);
  writeKeys(apiKeysFile, people);
  const app = await createService({
    ...options,
    config: {
      service,
      instance: service,
      noticeMs: 0,
      host: '127.0.0.1',
      port: 0,
      natsUrl: servers.natsUrl,
      natsMonitorUrl: undefined,
      replicas: 1,
      databaseUrl: servers.databaseUrl,
      apiKeysFile,
      logLevel: 'fatal',
    },
  });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const request: ServiceUnderTest['request'] = (path, { tenant = 'default', as = tenant, ...init } = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${keyOf(as)}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
    });
  return {
    url,
    request,
    json: async <T>(path: string, init?: RequestInit & Asking) => {
      const response = await request(path, init);
      return { status: response.status, body: (await response.json()) as T };
    },
    close: () => app.close(),
  };
};
