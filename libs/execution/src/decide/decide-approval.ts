import type { Json, Refusal } from '@throughline/contracts';
import type { Approval } from '../approvals.ts';
import { type Env, type ExecutionCommandRecord, refused } from '../decider.ts';
import { attemptOf, type ExecutionState, type OpenAttempt } from '../execution-state.ts';
import { advance } from './advance.ts';
import { cancelTimersOf, failExecution } from './close.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { finishTask } from './finish-state.ts';
import { handleError } from './handle-error.ts';
import { Run, type StateError, toldOf } from './run.ts';

type DecideRecord = Extract<ExecutionCommandRecord, { type: 'DecideApproval' }>;

const REJECTED = 'Throughline.ApprovalRejected';
const EXPIRED = 'Throughline.ApprovalExpired';

export const decideApproval = (state: ExecutionState, command: DecideRecord, env: Env): ExecutionDecision => {
  const approval = state.approvals.get(command.body.approval);
  if (!approval) return refused('TL0122', `no approval ${command.body.approval} of ${state.ref.aggregateId}`);
  const refusal =
    staleness(approval, command) ?? rightToDecide(state, approval, command) ?? soundness(approval, command);
  if (refusal) return refusal;
  const run = new Run(state, command, env);
  if (command.body.decision === 'reject') reject(run, approval, command.body.comment ?? '');
  else approve(run, approval);
  advance(run);
  return run.accepted();
};

type Refused = { kind: 'refused'; refusal: Refusal } | undefined;

const staleness = ({ id, status, contentHash }: Approval, { body }: DecideRecord): Refused => {
  if (status !== 'pending') return refused('TL0123', `approval ${id} is ${status}`, { status });
  if (body.contentHash !== undefined && body.contentHash !== contentHash) {
    return refused('TL0123', `approval ${id} is about other content than you have seen`, { contentHash });
  }
  return undefined;
};

const rightToDecide = (state: ExecutionState, approval: Approval, { actor, body }: DecideRecord): Refused => {
  const { id, roles, approvers, decisions } = approval;
  if (actor.id === state.start?.requestedBy) {
    return refused('TL0124', `${actor.id} has asked for what approval ${id} is about: somebody else has to decide`);
  }
  const isOpen = roles.length === 0 && approvers.length === 0;
  if (!isOpen && !approvers.includes(actor.id) && !roles.some((role) => body.roles.includes(role))) {
    return refused('TL0124', `${actor.id} is not among those who decide approval ${id}`, { roles, approvers });
  }
  if (decisions.some(({ by }) => by === actor.id)) {
    return refused('TL0125', `${actor.id} has decided approval ${id} already`);
  }
  return undefined;
};

const soundness = ({ id, signature: rule, decisions }: Approval, { body }: DecideRecord): Refused => {
  const { decision, comment = '', signature } = body;
  if (decision === 'reject' && comment.trim() === '')
    return refused('TL0001', 'a rejection needs a comment that says why');
  if (decision === 'approve' && rule === 'required' && !signature) {
    return refused('TL0126', `approval ${id} has to be signed: sign its content hash and send the signature along`);
  }
  if (signature && decisions.some((given) => given.signature?.publicKey.x === signature.publicKey.x)) {
    return refused('TL0125', `approval ${id} was signed with this key already`);
  }
  return undefined;
};

const reject = (run: Run, { id, token }: Approval, comment: string): void => {
  run.emit({ type: 'ApprovalClosed', approval: id, outcome: 'rejected' });
  fail(run, token, { error: REJECTED, cause: comment });
};

const approve = (run: Run, { id, required, token }: Approval): void => {
  run.emit({ type: 'ApprovalGiven', approval: id });
  const approval = run.state.approvals.get(id);
  if (!approval || approval.decisions.length < required) return;
  run.emit({ type: 'ApprovalClosed', approval: id, outcome: 'approved' });
  if (token === null) return cancelExpiry(run);
  const attempt = mustAttempt(run, token);
  const result = agreement(approval);
  run.emit({ type: 'StepSucceeded', token: attempt.token, output: { value: result } });
  cancelTimersOf(run, attempt);
  finishTask(run, attempt.frame, result);
};

/** The result of an approval state. */
const agreement = ({ id, contentHash, decisions }: Approval): Json => ({
  approval: id,
  contentHash,
  approvedBy: decisions.map(({ by, at, comment, signature }) => ({
    by,
    at,
    ...(comment === undefined ? {} : { comment }),
    signed: signature !== undefined,
  })),
});

/** Its timer has fired before enough had agreed. */
export const expireApproval = (run: Run, token: OpenAttempt['token'] | null): void => {
  const approval = run.state.approvals.find(({ status, token: of }) => status === 'pending' && of === token);
  if (!approval) throw new Error(`no approval of ${run.state.ref.aggregateId} is pending for ${token ?? 'the whole'}`);
  run.emit({ type: 'ApprovalClosed', approval: approval.id, outcome: 'expired' });
  const { decisions, required } = approval;
  fail(run, token, { error: EXPIRED, cause: `${decisions.length} of ${required} had agreed when the time was over.` });
};

const fail = (run: Run, token: OpenAttempt['token'] | null, failure: StateError): void => {
  if (token === null) return failExecution(run, failure);
  const attempt = mustAttempt(run, token);
  run.emit({ type: 'StepFailed', token, ...toldOf(failure) });
  cancelTimersOf(run, attempt);
  handleError(run, attempt.frame, failure);
};

const mustAttempt = (run: Run, token: OpenAttempt['token']): OpenAttempt => {
  const attempt = attemptOf(run.state, token);
  if (!attempt) throw new Error(`attempt ${token} is not open`);
  return attempt;
};

const cancelExpiry = (run: Run): void => {
  for (const timer of run.state.timers.values()) {
    if (timer.purpose === 'approval' && timer.token === null) run.emit({ type: 'TimerCancelled', timer: timer.id });
  }
};
