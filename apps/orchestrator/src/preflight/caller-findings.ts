import type { PreflightFinding } from '@throughline/contracts';
import { requiredRoles, type ResolvedMachine } from '@throughline/execution';
import type { Caller } from '@throughline/service-host';
import { error, ok } from './findings.ts';

/** The roles that machine and states ask for and the caller has not. */
export const missingRoles = ({ machine }: ResolvedMachine, { roles = [] }: Pick<Caller, 'roles'>): readonly string[] =>
  requiredRoles(machine).filter((role) => !roles.includes(role));

/** What the caller may do with a workflow. */
export const callerFindings = (resolved: ResolvedMachine, caller: Caller): readonly PreflightFinding[] => {
  const missing = missingRoles(resolved, caller);
  return [
    caller.permissions.includes('executions:start')
      ? ok('permissions', 'The caller may start executions.')
      : error('permissions', 'The caller lacks the permission executions:start.', 'Use a key that has it.'),
    ...missing.map((role) =>
      error('roles', `The workflow requires the role ${role}, which the caller has not.`, 'Ask somebody who has it.'),
    ),
    ...(missing.length === 0 ? [ok('roles', 'The caller has every role that the workflow requires.')] : []),
  ];
};
