import { ThroughlineError, type ThroughlineClient } from '@throughline/client';
import { SERVICES, type ServiceName } from '@throughline/contracts';
import { z } from 'zod';
import type { Finding } from './doctor-finding.ts';

/** The front's /health/ready, which carries each service's own. Loose: an older or newer service is no fault here. */
const checkSchema = z.looseObject({ ok: z.boolean(), detail: z.unknown().optional() });
const serviceSchema = z.looseObject({
  status: z.enum(['ready', 'not-ready', 'unreachable']),
  detail: z.unknown(),
});
const readySchema = z.looseObject({ services: z.record(z.string(), serviceSchema) });
const checksSchema = z.looseObject({ checks: z.record(z.string(), checkSchema) });
const projectionSchema = z.looseObject({ lag: z.number(), kind: z.string() });

type Services = z.infer<typeof readySchema>['services'];

const PROBE_TIMEOUT_MS = 10_000;
/** Behind by more than this for a moment is normal under load; staying there is not. */
const LAG_WORTH_A_WARNING = 10_000;

export const readSystemHealth = async (url: string): Promise<{ finding: Finding; services?: Services }> => {
  const name = 'front';
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}/health/ready`, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    const parsed = readySchema.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return { finding: { name, status: 'ok', detail: url }, services: parsed.data.services };
    return {
      finding: {
        name,
        status: 'bad',
        detail: `${url} answers (HTTP ${response.status}), but not as the front of a Throughline system`,
        advice: 'give the address of the front: --url or THROUGHLINE_URL',
      },
    };
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return {
      finding: {
        name,
        status: 'bad',
        detail: `nothing answers at ${url}: ${why}`,
        advice: 'start the system (npm start), or give its address: --url or THROUGHLINE_URL',
      },
    };
  }
};

export const checkServices = (services: Services): readonly Finding[] =>
  SERVICES.flatMap((service) => findingsOf(service, services[service]));

const findingsOf = (service: ServiceName, health: Services[string] | undefined): readonly Finding[] => {
  if (health === undefined || health.status === 'unreachable') {
    const why = typeof health?.detail === 'string' ? `: ${health.detail}` : '';
    return [
      {
        name: service,
        status: 'bad',
        detail: `the front cannot reach it${why}`,
        advice: `start it, read why it ended in its log, or set ${service.toUpperCase().replaceAll('-', '_')}_URL of the front`,
      },
    ];
  }
  const parsed = checksSchema.safeParse(health.detail);
  const checks = parsed.success ? Object.entries(parsed.data.checks) : [];
  const failed = checks.filter(([, check]) => !check.ok);
  if (failed.length > 0) {
    return failed.map(([name, check]) => ({
      name: service,
      status: 'bad',
      detail: `${name} fails: ${typeof check.detail === 'string' ? check.detail : JSON.stringify(check.detail ?? 'no detail')}`,
      advice: adviceFor(name, service),
    }));
  }
  if (health.status === 'not-ready') {
    return [{ name: service, status: 'bad', detail: 'not ready, without saying why', advice: 'read its log' }];
  }
  const passed = checks.map(([name]) => name).join(', ');
  const lag = projectionSchema.safeParse(checks.find(([name]) => name === 'projection')?.[1].detail);
  const behind = lag.success ? `, ${lag.data.lag} log records behind` : '';
  if (lag.success && lag.data.lag > LAG_WORTH_A_WARNING) {
    return [
      {
        name: service,
        status: 'warn',
        detail: `ready${behind}`,
        advice: 'reads are old until it has caught up; if the number does not fall, see the database and its log',
      },
    ];
  }
  return [{ name: service, status: 'ok', detail: `ready (${passed})${behind}` }];
};

const adviceFor = (check: string, service: ServiceName): string => {
  switch (check) {
    case 'nats':
    case 'command-queue':
      return 'is nats-server running, and is NATS_URL of this service its address?';
    case 'postgres':
      return 'is Postgres running, and is DATABASE_URL of this service right?';
    case 'projection':
      return `its log says what stops it; where rows were damaged: throughline rebuild ${service}`;
    default:
      return `read the log of ${service}`;
  }
};

export const checkLog = async (client: ThroughlineClient): Promise<readonly Finding[]> => {
  try {
    const health = await client.health();
    const percent = health.log.bytesMax > 0 ? Math.round((health.log.bytes / health.log.bytesMax) * 100) : 0;
    const room: Finding = health.log.acceptsStarts
      ? { name: 'log', status: 'ok', detail: `${percent}% of its room is used` }
      : {
          name: 'log',
          status: 'bad',
          detail: `${percent}% of its room is used: starts are refused`,
          advice: 'give TL_LOG more room (docs/operations.md); results and cancels are still taken',
        };
    const stalled: Finding =
      health.stalled === 0
        ? { name: 'executions', status: 'ok', detail: `${health.open} open, none stalled` }
        : {
            name: 'executions',
            status: 'warn',
            detail: `${health.stalled} of ${health.open} open ones wait too long`,
            advice: 'is a worker running for their queue? throughline ls --status running, then throughline steps <id>',
          };
    return [room, stalled];
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    return [{ name: 'log', status: 'warn', detail: `not known: ${error.code} ${error.message}` }];
  }
};
