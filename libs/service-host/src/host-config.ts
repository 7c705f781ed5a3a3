import { hostname } from 'node:os';
import { SERVICES, type ServiceName } from '@throughline/contracts';
import { z } from 'zod';

const PORT_BASE = 7400;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What every service reads from its environment, parsed once at boot and frozen. */
export interface HostConfig {
  readonly service: ServiceName;
  /** Which of several processes this one is, for people. */
  readonly instance: string;
  readonly host: string;
  readonly port: number;
  readonly natsUrl: string;
  /** The servers' monitors, where they are reachable; with them boot refuses a server that acks before its fsync. */
  readonly natsMonitorUrl: string | undefined;
  /** Servers that hold each stream. */
  readonly replicas: number;
  readonly databaseUrl: string;
  readonly apiKeysFile: string;
  /** Told to end, it says for so long that it is not ready before it takes no more requests. */
  readonly noticeMs: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

const port = z.coerce.number().int().min(0).max(65_535);
const environmentSchema = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.optional(),
  THROUGHLINE_INSTANCE: z.string().min(1).max(128).optional(),
  THROUGHLINE_PORT_BASE: port.default(PORT_BASE),
  NATS_URL: z.string().min(1),
  NATS_MONITOR_URL: z
    .string()
    .refine((text) => text.split(',').every((url) => URL.canParse(url.trim())), 'a URL, or several with commas between')
    .optional(),
  THROUGHLINE_REPLICAS: z.coerce
    .number()
    .refine((replicas) => [1, 3, 5].includes(replicas), '1, 3 or 5')
    .default(1),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  THROUGHLINE_API_KEYS_FILE: z.string().min(1),
  THROUGHLINE_NOTICE_SECONDS: z.coerce.number().min(0).max(60).default(0.8),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

/** Throws one error that names every variable that is missing or wrong. */
export const hostConfig = (
  service: ServiceName,
  env: Readonly<Record<string, string | undefined>> = process.env,
): HostConfig => {
  // An empty variable is how shells and compose files say "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`the environment of ${service} does not fit:\n  ${faults.join('\n  ')}`);
  }
  const settings = parsed.data;
  return Object.freeze({
    service,
    instance: settings.THROUGHLINE_INSTANCE ?? `${hostname().slice(0, 100)}-${process.pid}`,
    host: settings.HOST,
    port: settings.PORT ?? settings.THROUGHLINE_PORT_BASE + 1 + SERVICES.indexOf(service),
    natsUrl: settings.NATS_URL,
    natsMonitorUrl: settings.NATS_MONITOR_URL,
    replicas: settings.THROUGHLINE_REPLICAS,
    databaseUrl: settings.DATABASE_URL,
    apiKeysFile: settings.THROUGHLINE_API_KEYS_FILE,
    noticeMs: settings.THROUGHLINE_NOTICE_SECONDS * 1_000,
    logLevel: settings.LOG_LEVEL,
  });
};
