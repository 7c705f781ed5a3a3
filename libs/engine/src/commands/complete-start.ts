import { type PreflightResult, type SentCommand, startExecutionSchema, type Tenant } from '@throughline/contracts';
import { classesOf, requiresPreflight, type ResolvedMachine } from '@throughline/execution';
import type { Preflight } from '../preflight.ts';
import type { TenantSettings } from './tenant-settings.ts';

export type StartCommand = Extract<SentCommand, { type: 'StartExecution' }>;

/** What a start is completed from. */
export interface StartParts {
  readonly settings: TenantSettings;
  readonly preflight: Preflight;
}

/**
 * A start with what deciding it needs of other aggregates and of the world, as input that the log will hold: replay then
 * needs nothing else. Most starts need nothing, and go on as they came.
 */
export const completeStart = async (
  parts: StartParts,
  tenant: Tenant,
  command: StartCommand,
  resolved: ResolvedMachine,
): Promise<StartCommand> => {
  const { body } = command;
  const policy = await policyOf(parts, tenant, body, resolved);
  const preflightResult = requiresPreflight(resolved.machine, body)
    ? await found(parts, tenant, body, resolved)
    : undefined;
  if (!policy && !preflightResult) return command;
  // Through the schema again: the log keeps its keys' order.
  const completed = { ...body, ...(policy && { policy }), ...(preflightResult && { preflightResult }) };
  return { ...command, body: startExecutionSchema.parse(completed) };
};

const policyOf = async (
  { settings }: StartParts,
  tenant: Tenant,
  body: StartCommand['body'],
  { machine }: ResolvedMachine,
) => {
  const classes = classesOf(machine, body);
  return classes && settings.editedPolicy(tenant, classes.slaClass, classes.actionClass);
};

const found = async (
  { preflight }: StartParts,
  tenant: Tenant,
  { input, delivery }: StartCommand['body'],
  resolved: ResolvedMachine,
): Promise<PreflightResult> => {
  const findings = await preflight.look({ tenant, resolved, input, delivery });
  return { checks: findings.length, findings: findings.filter(({ outcome }) => outcome !== 'ok') };
};
