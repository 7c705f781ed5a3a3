import { SERVICES, type ServiceName } from '@throughline/contracts';
import type { InstanceState, Upstreams } from './upstreams.ts';

export interface UpstreamHealth {
  readonly service: ServiceName;
  /** That of its best instance. */
  readonly status: InstanceState;
  /** What the service itself says about its checks, or why it could not be asked; of several instances by their address. */
  readonly detail: unknown;
}

const PROBE_TIMEOUT_MS = 3_000;

export const healthOfUpstreams = (upstreams: Upstreams): Promise<readonly UpstreamHealth[]> =>
  Promise.all(
    SERVICES.map(async (service) => {
      const instances = await Promise.all(upstreams.all(service).map(({ origin }) => healthOf(origin)));
      return { service, ...together(instances) };
    }),
  );

interface InstanceHealth {
  readonly origin: string;
  readonly status: InstanceState;
  readonly detail: unknown;
}

const together = (instances: readonly InstanceHealth[]): Pick<UpstreamHealth, 'status' | 'detail'> => {
  const [only] = instances;
  if (only && instances.length === 1) return { status: only.status, detail: only.detail };
  const best = (['ready', 'not-ready'] as const).find((state) => instances.some(({ status }) => status === state));
  const detail = Object.fromEntries(instances.map(({ origin, status, detail }) => [origin, { status, detail }]));
  return { status: best ?? 'unreachable', detail };
};

const healthOf = async (origin: string): Promise<InstanceHealth> => {
  try {
    const response = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const detail: unknown = await response.json().catch(() => null);
    return { origin, status: response.ok ? 'ready' : 'not-ready', detail };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return { origin, status: 'unreachable', detail: cause };
  }
};
