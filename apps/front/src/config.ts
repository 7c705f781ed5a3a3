import { SERVICES, type ServiceName } from '@throughline/contracts';
import { z } from 'zod';

export interface FrontConfig {
  readonly host: string;
  readonly port: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** The instances of each service; at least one. */
  readonly upstreams: Readonly<Record<ServiceName, readonly string[]>>;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const INSTANCES_MAX = 64;
const urlSchema = z.url({ protocol: /^https?$/ }).transform((text) => new URL(text).origin);
/** One URL, or those of several instances with commas between. */
const upstream = (port: number) =>
  z
    .string()
    .default(`http://127.0.0.1:${port}`)
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(urlSchema).min(1).max(INSTANCES_MAX));

const environmentSchema = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(7400),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  ORCHESTRATOR_URL: upstream(7401),
  STEP_WORKER_URL: upstream(7402),
  REPLAY_SERVICE_URL: upstream(7403),
  AUDIT_SERVICE_URL: upstream(7404),
  TELEMETRY_INGESTOR_URL: upstream(7405),
});
type Environment = z.output<typeof environmentSchema>;

const VARIABLES = {
  orchestrator: 'ORCHESTRATOR_URL',
  'step-worker': 'STEP_WORKER_URL',
  'replay-service': 'REPLAY_SERVICE_URL',
  'audit-service': 'AUDIT_SERVICE_URL',
  'telemetry-ingestor': 'TELEMETRY_INGESTOR_URL',
} as const satisfies Record<ServiceName, keyof Environment>;

/** Throws one error that names every variable that is wrong. */
export const frontConfig = (env: Readonly<Record<string, string | undefined>>): FrontConfig => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) throw new Error(`the environment is not valid:\n${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  const entries = SERVICES.map((service): [ServiceName, readonly string[]] => [service, data[VARIABLES[service]]]);
  // One entry for each member of SERVICES, which fromEntries cannot express.
  const upstreams = Object.fromEntries(entries) as Record<ServiceName, readonly string[]>;
  return Object.freeze({ host: data.HOST, port: data.PORT, logLevel: data.LOG_LEVEL, upstreams });
};
