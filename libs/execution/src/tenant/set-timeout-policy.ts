import { canonicalHash } from '../hashes.ts';
import type { TenantCommandRecord } from '../decider.ts';
import { policyKey, type TenantState } from './tenant-state.ts';
import { records, type TenantVerdict } from './tenant-verdict.ts';

type SetRecord = Extract<TenantCommandRecord, { type: 'SetTimeoutPolicy' }>;

/** What stands already is not set again: a tool that applies its settings every hour leaves one commit. */
export const setTimeoutPolicy = (state: TenantState, command: SetRecord): TenantVerdict => {
  const { slaClass, actionClass, policy } = command.body;
  const standing = state.policies[policyKey(slaClass, actionClass)];
  return standing && canonicalHash(standing.policy) === canonicalHash(policy)
    ? { kind: 'duplicate', version: standing.commitVersion }
    : records({ type: 'TimeoutPolicySet' });
};

export const timeoutPolicySet = (state: TenantState, command: TenantCommandRecord): TenantState => {
  if (command.type !== 'SetTimeoutPolicy') throw new Error(`${command.type} sets no timeout policy`);
  const { slaClass, actionClass, policy } = command.body;
  const { at, actor: by } = command;
  return {
    ...state,
    policies: {
      ...state.policies,
      [policyKey(slaClass, actionClass)]: {
        slaClass,
        actionClass,
        policy,
        at,
        by,
        commitVersion: state.version + 1,
      },
    },
  };
};
