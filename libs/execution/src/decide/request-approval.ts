import type { ApprovalRule } from '@throughline/asl';
import { type ApprovalId, type AttemptToken, type Json } from '@throughline/contracts';
import { formatInstant } from '@throughline/asl';
import { type FrameId, ROOT_FRAME } from '../frames.ts';
import { canonicalHash } from '../hashes.ts';
import type { Run } from './run.ts';

interface Asking {
  readonly frame: FrameId;
  readonly token: AttemptToken;
  /** What is agreed to. */
  readonly input: Json;
}

/** Asks for an agreement: for the attempt that was just opened, or for the execution before its first state. */
export const requestApproval = (run: Run, rule: ApprovalRule, asking?: Asking): void => {
  // The cast names what the two numbers make: an id by its own schema.
  const approval = `${run.state.version + 1}-${run.state.roundEvents}` as ApprovalId;
  const { required, roles, approvers, signature } = rule;
  const expiresMs = rule.expiresMs ?? run.state.classification?.policy.approvalMs;
  const expiresAtMs = expiresMs === undefined ? undefined : run.nowMs() + expiresMs;
  run.emit({
    type: 'ApprovalRequested',
    approval,
    ...(asking && { token: asking.token }),
    contentHash: contentHash(run, approval, asking),
    required,
    roles: [...roles],
    approvers: [...approvers],
    signature,
    ...(expiresAtMs === undefined ? {} : { expiresAt: formatInstant(expiresAtMs) }),
  });
  if (expiresAtMs !== undefined) run.arm('approval', asking?.frame ?? ROOT_FRAME, expiresAtMs, asking?.token);
};

/** Of all that an approver agrees to, and of this approval alone: an agreement given here cannot be shown elsewhere. */
const contentHash = (run: Run, approval: ApprovalId, asking: Asking | undefined): string => {
  const { state, machine } = run;
  const { tenant, aggregateId } = state.ref;
  return canonicalHash({
    tenant,
    executionId: aggregateId,
    approval,
    workflow: { name: machine.name, version: machine.version, hash: machine.hash },
    state: asking ? run.frame(asking.frame).state : null,
    input: asking ? asking.input : (state.start?.input ?? null),
  });
};
