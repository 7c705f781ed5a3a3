import { PARTITIONS_MAX } from '@throughline/contracts';
import { z } from 'zod';

const seconds = (preset: number) => z.coerce.number().positive().max(3_600).default(preset);

const schema = z.object({
  /** Folded executions kept in memory; a miss costs one read of the log. */
  THROUGHLINE_STATES_MAX: z.coerce.number().int().min(100).max(1_000_000).default(20_000),
  /** Commands in hand at once. */
  THROUGHLINE_COMMANDS_IN_FLIGHT: z.coerce.number().int().min(1).max(20_000).default(2_000),
  /** A start that has waited for so long to be decided is sent away, to be repeated. */
  THROUGHLINE_START_LATE_SECONDS: seconds(10),
  /** Commits that the read model may be behind the log; starts are refused beyond that. */
  THROUGHLINE_READ_MODEL_LAG_MAX: z.coerce.number().int().min(1_000).max(100_000_000).default(1_000_000),
  /** Open executions of one tenant; not bounded where it is not set. */
  THROUGHLINE_TENANT_OPEN_MAX: z.coerce.number().int().min(1).max(10_000_000).optional(),
  /** Parts that commands and due timers are dealt out in; what the streams have already where it is left out. */
  THROUGHLINE_PARTITIONS: z.coerce.number().int().min(1).max(PARTITIONS_MAX).optional(),
  /** An open execution that nothing happened to for so long is checked for lost tasks and timers. */
  THROUGHLINE_STANDING_STILL_SECONDS: seconds(10),
  THROUGHLINE_RECONCILE_EVERY_SECONDS: seconds(2),
  /** Keys that task tokens are signed with, one a line. */
  THROUGHLINE_TASK_TOKEN_KEY_FILE: z
    .string({ error: 'required: a file with the key that task tokens are signed with' })
    .min(1),
  /** Where secrets are mounted, a file each: a preflight looks whether they are there. */
  THROUGHLINE_SECRETS_DIR: z.string().min(1).optional(),
  /** For tests: time on the log passes so many times as fast as the broker's. */
  THROUGHLINE_TIMER_SPEED: z.coerce.number().min(1).max(1_000).default(1),
});

export interface OrchestratorConfig {
  readonly statesMax: number;
  readonly commandsInFlightMax: number;
  readonly startLateMs: number;
  readonly readModelLagMax: number;
  readonly tenantOpenMax: number | undefined;
  readonly partitions: number | undefined;
  readonly standingStillMs: number;
  readonly reconcileEveryMs: number;
  readonly taskTokenKeyFile: string;
  readonly secretsDirectory: string | undefined;
  readonly timerSpeed: number;
}

/** Parsed once at boot; a wrong variable stops the boot with its name. */
export const orchestratorConfig = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): OrchestratorConfig => {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(`configuration: ${z.prettifyError(parsed.error)}`);
  return Object.freeze({
    statesMax: parsed.data.THROUGHLINE_STATES_MAX,
    commandsInFlightMax: parsed.data.THROUGHLINE_COMMANDS_IN_FLIGHT,
    startLateMs: parsed.data.THROUGHLINE_START_LATE_SECONDS * 1_000,
    readModelLagMax: parsed.data.THROUGHLINE_READ_MODEL_LAG_MAX,
    tenantOpenMax: parsed.data.THROUGHLINE_TENANT_OPEN_MAX,
    partitions: parsed.data.THROUGHLINE_PARTITIONS,
    standingStillMs: parsed.data.THROUGHLINE_STANDING_STILL_SECONDS * 1_000,
    reconcileEveryMs: parsed.data.THROUGHLINE_RECONCILE_EVERY_SECONDS * 1_000,
    taskTokenKeyFile: parsed.data.THROUGHLINE_TASK_TOKEN_KEY_FILE,
    secretsDirectory: parsed.data.THROUGHLINE_SECRETS_DIR,
    timerSpeed: parsed.data.THROUGHLINE_TIMER_SPEED,
  });
};
