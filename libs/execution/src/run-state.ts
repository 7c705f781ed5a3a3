import type { ApprovalView, ErrorEnvelope, ExecutionStatus, PendingStep, RunState } from '@throughline/contracts';
import { parseInstant } from '@throughline/asl';
import { type Approval, signatureStateOf } from './approvals.ts';
import { deliveryStateOf } from './delivery/delivery-state.ts';
import { failureOf } from './errors/failure.ts';
import { executionIdOf, type ExecutionState } from './execution-state.ts';
import { failedFrames, type Frame, openOrReadyFrames } from './frames.ts';

/** The unified run state: what everybody who looks at an execution sees of it, from the fold alone. */
export const runStateOf = (state: ExecutionState): RunState => {
  const { start, classification } = state;
  const failure = failureOf(state);
  return {
    phases: phasesOf(state),
    statusSince: state.statusSince,
    contentHash: start?.bodyHash ?? '',
    lastHeartbeatAt: lastHeardAt(state),
    lastError: failure && { human: failure.human, tech: failure.tech },
    recommendedActions: recommendedActionsOf(state, failure),
    deliveryState: deliveryStateOf(state.delivery) ?? 'none',
    signatureState: signatureStateOf(state.approvals.values()),
    pendingApprovals: [...state.approvals.values()].filter(({ status }) => status === 'pending').map(({ id }) => id),
    storedSignals: state.signals.length,
    attributes: state.attributes ?? {},
    reopened: state.reopened,
    requestedBy: start?.requestedBy ?? '',
    slaClass: classification?.slaClass ?? null,
    actionClass: classification?.actionClass ?? null,
    mode: classification?.mode ?? null,
    priority: classification?.priority ?? null,
  };
};

const phasesOf = ({ phases, delivery }: ExecutionState): RunState['phases'] => {
  const spent = (status: ExecutionStatus): number => phases[status] ?? 0;
  return {
    queuedMs: spent('queued'),
    preflightMs: spent('preflight'),
    awaitingApprovalMs: spent('awaiting_approval'),
    runningMs: spent('running'),
    waitingMs: spent('waiting'),
    pausedMs: spent('paused'),
    reviewMs: spent('needs_review'),
    cancellingMs: spent('cancelling'),
    deliveringMs: deliveringMs(delivery),
  };
};

/** From the first delivery that was scheduled to the last that was settled. */
const deliveringMs = (delivery: ExecutionState['delivery']): number => {
  const list = delivery?.list ?? [];
  const settled = list.flatMap(({ phase }) => ('at' in phase ? [parseInstant(phase.at) ?? 0] : []));
  if (settled.length === 0) return 0;
  return Math.max(0, Math.max(...settled) - Math.min(...list.map(({ scheduledAt }) => parseInstant(scheduledAt) ?? 0)));
};

const lastHeardAt = (state: ExecutionState): RunState['lastHeartbeatAt'] => {
  let last: RunState['lastHeartbeatAt'] = null;
  for (const { lastSeenAt } of state.attempts.values()) if (last === null || lastSeenAt > last) last = lastSeenAt;
  return last ?? state.lastAt;
};

/** Of one that has failed, what its error asks for; of one that stands, what moves it. */
const recommendedActionsOf = (
  { status }: ExecutionState,
  failure: ErrorEnvelope | null,
): RunState['recommendedActions'] => {
  switch (status) {
    case 'awaiting_approval':
      return ['approve'];
    case 'needs_review':
    case 'paused':
      return ['resume'];
    default:
      return failure ? failure.recommendedActions.map(({ action }) => action) : [];
  }
};

/** What a resumed execution has before it: what had failed first, then the rest, each in tree order. */
export const pendingStepsOf = (state: ExecutionState): readonly PendingStep[] => {
  const frames = state.cutFrom ?? state.frames;
  const failed = state.status === 'failed' || state.status === 'timed_out' ? failedFrames(frames) : [];
  const rest = openOrReadyFrames(frames).filter((frame) => !failed.includes(frame));
  const step =
    (kind: PendingStep['kind']) =>
    ({ id, phase, state: name }: Frame): PendingStep => ({
      state: phase.kind === 'ready' && phase.next !== undefined ? phase.next : name,
      frame: id,
      kind,
    });
  return [...failed.map(step('failed')), ...rest.map(step('pending'))];
};

export const approvalViewOf = (state: ExecutionState, approval: Approval): ApprovalView => ({
  executionId: executionIdOf(state.ref),
  id: approval.id,
  workflow: state.start?.workflow.name ?? '',
  state: approval.state,
  status: approval.status,
  contentHash: approval.contentHash,
  required: approval.required,
  roles: [...approval.roles],
  approvers: [...approval.approvers],
  signature: approval.signature,
  requestedBy: state.start?.requestedBy ?? '',
  requestedAt: approval.requestedAt,
  expiresAt: approval.expiresAt,
  closedAt: approval.closedAt,
  decisions: approval.decisions.map((decision) => ({ ...decision, roles: [...decision.roles] })),
});

/** What an execution can be looked up by, as name and value; `label:<name>` for its labels. */
export const tagsOf = (state: ExecutionState): readonly (readonly [string, string])[] => {
  const { attributes, labels, start, classification, delivery, approvals } = state;
  const tags: [string, string][] = [];
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === 'string') tags.push([name, value]);
    else for (const one of new Set(value)) tags.push([SINGULAR[name] ?? name, one]);
  }
  for (const [name, value] of Object.entries(labels)) tags.push([`label:${name}`, value]);
  if (start?.runId) tags.push(['runId', start.runId]);
  if (classification) {
    const { slaClass, actionClass, mode, priority } = classification;
    tags.push(['slaClass', slaClass], ['actionClass', actionClass], ['mode', mode], ['priority', priority]);
  }
  const delivered = deliveryStateOf(delivery);
  if (delivered) tags.push(['deliveryState', delivered]);
  const signed = approvals.size === 0 ? 'none' : signatureStateOf(approvals.values());
  if (signed !== 'none') tags.push(['signatureState', signed]);
  return tags;
};

const SINGULAR: Readonly<Record<string, string>> = { affectedPaths: 'affectedPath', filesChanged: 'fileChanged' };
