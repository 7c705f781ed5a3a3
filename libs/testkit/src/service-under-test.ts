import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSIONS, type ServiceName } from '@throughline/contracts';
import { createService, type ServiceOptions } from '@throughline/service-host';
import type { TestServers } from './servers.ts';

export interface ServiceUnderTest {
  readonly url: string;
  /** A request with the key of a tenant. */
  request(path: string, init?: RequestInit & { readonly tenant?: string }): Promise<Response>;
  /** Its answer as JSON; the caller says what to expect of it. */
  json<T>(
    path: string,
    init?: RequestInit & { readonly tenant?: string },
  ): Promise<{ readonly status: number; readonly body: T }>;
  close(): Promise<void>;
}

const TENANTS = ['default', 'globex'];
const keyOf = (tenant: string): string => `tlk_${tenant}_${'s'.repeat(40)}`;

const writeKeys = (file: string): void => {
  const keys = TENANTS.map((tenant) => ({
    id: tenant,
    tenant,
    sha256: createHash('sha256').update(keyOf(tenant)).digest('hex'),
    permissions: PERMISSIONS,
  }));
  writeFileSync(file, JSON.stringify({ keys }));
};

/** One service in this process, over real servers, on a free port, with a key for the tenants `default` and `globex`. */
export const startServiceUnderTest = async (
  service: ServiceName,
  servers: TestServers,
  options: Omit<ServiceOptions, 'config'>,
): Promise<ServiceUnderTest> => {
  const apiKeysFile = join(servers.dir, `${service}-keys.json`);
  writeKeys(apiKeysFile);
  const app = await createService({
    ...options,
    config: {
      service,
      host: '127.0.0.1',
      port: 0,
      natsUrl: servers.natsUrl,
      natsMonitorUrl: undefined,
      databaseUrl: servers.databaseUrl,
      apiKeysFile,
      logLevel: 'fatal',
    },
  });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const request: ServiceUnderTest['request'] = (path, { tenant = 'default', ...init } = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${keyOf(tenant)}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
    });
  return {
    url,
    request,
    json: async <T>(path: string, init?: RequestInit & { readonly tenant?: string }) => {
      const response = await request(path, init);
      return { status: response.status, body: (await response.json()) as T };
    },
    close: () => app.close(),
  };
};
