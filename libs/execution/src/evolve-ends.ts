import type { ExecutionCommandRecord } from './decider.ts';
import type { EventOf } from './event-data.ts';
import { deliveriesAsked } from './delivery/evolve-delivery.ts';
import { withClosedApprovals } from './evolve-control.ts';
import type { ExecutionEnd, ExecutionState, StartFacts } from './execution-state.ts';
import { openRoot } from './frames.ts';
import { contentOf } from './start-content.ts';
import { transition } from './status.ts';

const NO_LABELS = {};

export const started = (
  state: ExecutionState,
  event: EventOf<'ExecutionStarted'>,
  command: ExecutionCommandRecord,
): ExecutionState => {
  if (command.type !== 'StartExecution') throw new Error(`ExecutionStarted by a ${command.type}`);
  const { body } = command;
  const start: StartFacts = {
    workflow: event.workflow,
    input: body.input,
    trigger: body.trigger,
    parentExecutionId: body.parentExecutionId ?? null,
    rootExecutionId: event.rootExecutionId,
    runId: body.runId ?? null,
    idempotencyKey: body.idempotencyKey ?? null,
    labels: body.labels ?? NO_LABELS,
    name: body.name ?? null,
    generation: body.generation ?? 0,
    parentAttempt: body.parentAttempt ?? null,
    schedule: body.schedule ?? null,
    heldAssets: body.heldAssets ?? [],
    bodyHash: event.bodyHash,
    asked: contentOf(body),
    startedAt: command.at,
    startedBy: command.actor,
    requestedBy: body.requestedBy ?? command.actor.id,
    until: body.until ?? null,
    notBefore: body.notBefore ?? null,
    traceparent: command.traceparent ?? null,
    errorRules: event.errorRules ?? null,
  };
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    // Queued where its own time is yet to come.
    ...(body.notBefore !== undefined && body.notBefore > command.at
      ? { hold: 'queued' as const, status: transition(state.status, body.preflightResult ? 'preflight' : 'queued') }
      : { status: transition(state.status, body.preflightResult ? 'preflight' : 'running') }),
    preflight: body.preflightResult ?? null,
    correlationId: event.correlationId,
    attributes: body.attributes ?? null,
    labels: body.labels ?? NO_LABELS,
    start,
    frames: openRoot(body.input, command.at),
    historyEventId: 1,
    delivery: deliveriesAsked(body.delivery),
  };
};

export const ended = (
  state: ExecutionState,
  status: 'succeeded' | 'failed' | 'cancelled' | 'timed_out',
  end: ExecutionEnd,
): ExecutionState => ({
  ...state,
  roundEvents: state.roundEvents + 1,
  status: transition(state.status, status),
  hold: null,
  pausedAt: null,
  approvals: withClosedApprovals(state, undefined, 'cancelled', end.at),
  end,
  continuation: null,
  historyEventId: state.historyEventId + 1,
});
