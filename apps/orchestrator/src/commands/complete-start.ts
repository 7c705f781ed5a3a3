import { type SentCommand, startExecutionSchema, type Tenant } from '@throughline/contracts';
import { classesOf, type ResolvedMachine } from '@throughline/execution';
import type { TenantSettings } from './tenant-settings.ts';

export type StartCommand = Extract<SentCommand, { type: 'StartExecution' }>;

/**
 * A start with what deciding it needs of other aggregates, as input that the log will hold: replay then needs nothing
 * else. Most starts need nothing, and go on as they came.
 */
export const completeStart = async (
  settings: TenantSettings,
  tenant: Tenant,
  command: StartCommand,
  { machine }: ResolvedMachine,
): Promise<StartCommand> => {
  const classes = classesOf(machine, command.body);
  if (!classes) return command;
  const policy = await settings.editedPolicy(tenant, classes.slaClass, classes.actionClass);
  // Through the schema again: the log keeps its keys' order.
  return policy ? { ...command, body: startExecutionSchema.parse({ ...command.body, policy }) } : command;
};
