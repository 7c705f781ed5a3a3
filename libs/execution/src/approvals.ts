import type { ApprovalId, AttemptToken, Instant, Signature } from '@throughline/contracts';
import type { ExecutionState } from './execution-state.ts';

export type ApprovalStatus = 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled';

/** What one person has said. */
export interface ApprovalDecision {
  readonly by: string;
  readonly roles: readonly string[];
  readonly decision: 'approve' | 'reject';
  readonly at: Instant;
  readonly comment?: string;
  readonly signature?: Signature;
}

/** The agreement that a state, or the whole execution before its first state, waits for. */
export interface Approval {
  readonly id: ApprovalId;
  /** The attempt that waits; null: the execution. */
  readonly token: AttemptToken | null;
  readonly state: string | null;
  readonly status: ApprovalStatus;
  readonly contentHash: string;
  readonly required: number;
  readonly roles: readonly string[];
  readonly approvers: readonly string[];
  readonly signature: 'none' | 'optional' | 'required';
  readonly requestedAt: Instant;
  readonly expiresAt: Instant | null;
  readonly closedAt: Instant | null;
  readonly decisions: readonly ApprovalDecision[];
}

export const pendingApproval = (state: ExecutionState, token: AttemptToken | null): Approval | undefined =>
  state.approvals.find((approval) => approval.status === 'pending' && approval.token === token);

/** Of all approvals together; `none` where nobody has to sign. */
export type SignatureState = 'none' | 'pending' | 'partially_signed' | 'signed' | 'declined' | 'expired';

export const signatureStateOf = (approvals: Iterable<Approval>): SignatureState => {
  const asked = [...approvals].filter(({ signature, status }) => signature === 'required' && status !== 'cancelled');
  if (asked.length === 0) return 'none';
  if (asked.some(({ status }) => status === 'rejected')) return 'declined';
  if (asked.some(({ status }) => status === 'expired')) return 'expired';
  if (asked.every(({ status }) => status === 'approved')) return 'signed';
  return asked.some(({ decisions }) => decisions.some(({ signature }) => signature)) ? 'partially_signed' : 'pending';
};
