import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type HostConfig, hostConfig } from '@throughline/service-host';
import { z } from 'zod';

export interface StepWorkerConfig extends HostConfig {
  /** Module paths or URLs. */
  readonly handlerModules: readonly string[];
  /** Tasks in hand at once, per queue. */
  readonly slotsPerQueue: number;
  /** Names this process in recorded attempts. */
  readonly worker: string;
}

const environment = z.object({
  THROUGHLINE_HANDLERS: z.string().default(''),
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
    slotsPerQueue: parsed.data.THROUGHLINE_WORKER_SLOTS,
    worker: `${hostname()}-${randomUUID().slice(0, 8)}`.slice(-128),
  });
};
