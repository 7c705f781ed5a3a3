import { SERVICES, type ServiceName } from '@throughline/contracts';
import type { FrontConfig } from './config.ts';

export interface UpstreamHealth {
  readonly service: ServiceName;
  readonly status: 'ready' | 'not-ready' | 'unreachable';
  /** What the service itself says about its checks, or why it could not be asked. */
  readonly detail: unknown;
}

const PROBE_TIMEOUT_MS = 3_000;

export const healthOfUpstreams = (config: FrontConfig): Promise<readonly UpstreamHealth[]> =>
  Promise.all(SERVICES.map((service) => healthOf(service, config.upstreams[service])));

const healthOf = async (service: ServiceName, url: string): Promise<UpstreamHealth> => {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const detail: unknown = await response.json().catch(() => null);
    return { service, status: response.ok ? 'ready' : 'not-ready', detail };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return { service, status: 'unreachable', detail: cause };
  }
};
