import type { TimeoutPolicy } from '@throughline/contracts';
import { refused, type TenantCommandRecord } from '../decider.ts';
import { canonicalHash } from '../hashes.ts';
import { policyKey, type TenantState } from './tenant-state.ts';
import { records, type TenantVerdict } from './tenant-verdict.ts';

type SetRecord = Extract<TenantCommandRecord, { type: 'SetTimeoutPolicy' }>;
type ResetRecord = Extract<TenantCommandRecord, { type: 'ResetTimeoutPolicy' }>;

/** What would never come to bear, because the execution has timed out before. */
const WITHIN_THE_EXECUTION = ['stepMs', 'queueWaitMs', 'approvalMs', 'cancelGraceMs'] as const;

export const contradictionIn = (policy: TimeoutPolicy): string | undefined => {
  const longer = WITHIN_THE_EXECUTION.find((name) => policy[name] > policy.executionMs);
  return longer && `${longer} is ${policy[longer]}, longer than the whole execution may take (${policy.executionMs})`;
};

/** What stands already is not set again: a tool that applies its settings every hour leaves one commit. */
export const setTimeoutPolicy = (state: TenantState, command: SetRecord): TenantVerdict => {
  const { slaClass, actionClass, policy } = command.body;
  const contradiction = contradictionIn(policy);
  if (contradiction !== undefined) return refused('TL0170', contradiction);
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

export const resetTimeoutPolicy = (state: TenantState, { body }: ResetRecord): TenantVerdict =>
  state.policies[policyKey(body.slaClass, body.actionClass)] === undefined
    ? { kind: 'ignored' }
    : records({ type: 'TimeoutPolicyReset' });

export const timeoutPolicyReset = (state: TenantState, { type, body }: TenantCommandRecord): TenantState => {
  if (type !== 'ResetTimeoutPolicy') throw new Error(`${type} resets no timeout policy`);
  const { [policyKey(body.slaClass, body.actionClass)]: _default, ...policies } = state.policies;
  return { ...state, policies };
};
