import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type HostConfig, hostConfig } from '@throughline/service-host';
import { z } from 'zod';

export interface StepWorkerConfig extends HostConfig {
  /** Module paths or URLs. */
  readonly handlerModules: readonly string[];
  /** Tasks in hand at once, per queue. */
  readonly slotsPerQueue: number;
  /** Calls of one target at once, by this process. */
  readonly targetCallsMax: number;
  /** A step waits so long for a target that fails, before it fails itself. */
  readonly targetHoldMs: number;
  /** Names this process in recorded attempts. */
  readonly worker: string;
  /** Where secrets are mounted; see `createSecretStore`. */
  readonly secretsDir?: string;
  /** Results that go to files stand below it; none may where it is not set. */
  readonly deliveryDir?: string;
  /** Results that go to NATS stand below `<prefix>.<tenant>`. */
  readonly deliverySubjectPrefix: string;
}

const folder = z
  .string()
  .optional()
  .transform((path) => (path === undefined || path === '' ? undefined : resolve(path)));

/** The engine's own subjects, and the server's, are nobody's to publish to but `tl.out`. */
const subjectPrefix = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$/, 'must be a subject without wildcards')
  .refine((prefix) => !/^(tl(?=\.|$)(?!\.out(\.|$))|_)/.test(prefix.toLowerCase()), {
    error: "must not be one of the engine's own",
  });

const environment = z.object({
  THROUGHLINE_HANDLERS: z.string().default(''),
  THROUGHLINE_SECRETS_DIR: folder,
  THROUGHLINE_DELIVERY_DIR: folder,
  THROUGHLINE_DELIVERY_SUBJECT_PREFIX: subjectPrefix.default('tl.out'),
  THROUGHLINE_TARGET_CALLS_MAX: z.coerce.number().int().min(1).max(4_096).default(64),
  THROUGHLINE_TARGET_HOLD_SECONDS: z.coerce.number().min(0).max(3_600).default(60),
  THROUGHLINE_WORKER_SLOTS: z.coerce.number().int().min(1).max(4_096).default(256),
});

export const stepWorkerConfig = (env: Readonly<Record<string, string | undefined>> = process.env): StepWorkerConfig => {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new Error(`step-worker's environment: ${z.prettifyError(parsed.error)}`);
  return Object.freeze({
    ...hostConfig('step-worker', env),
    handlerModules: parsed.data.THROUGHLINE_HANDLERS.split(',')
      .map((specifier) => specifier.trim())
      .filter((specifier) => specifier !== ''),
    ...(parsed.data.THROUGHLINE_SECRETS_DIR === undefined ? {} : { secretsDir: parsed.data.THROUGHLINE_SECRETS_DIR }),
    ...(parsed.data.THROUGHLINE_DELIVERY_DIR === undefined
      ? {}
      : { deliveryDir: parsed.data.THROUGHLINE_DELIVERY_DIR }),
    deliverySubjectPrefix: parsed.data.THROUGHLINE_DELIVERY_SUBJECT_PREFIX,
    targetCallsMax: parsed.data.THROUGHLINE_TARGET_CALLS_MAX,
    targetHoldMs: parsed.data.THROUGHLINE_TARGET_HOLD_SECONDS * 1_000,
    slotsPerQueue: parsed.data.THROUGHLINE_WORKER_SLOTS,
    worker: `${hostname()}-${randomUUID().slice(0, 8)}`.slice(-128),
  });
};
