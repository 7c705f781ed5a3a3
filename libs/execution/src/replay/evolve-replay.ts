import { assertNever, type CorrelationId, type ReplayEvent, type ReplayRequest } from '@throughline/contracts';
import type { ReplayCommandRecord } from '../decider.ts';
import type { ReplaySession, ReplayState } from './replay-state.ts';

export const evolveReplay = (state: ReplayState, event: ReplayEvent, command: ReplayCommandRecord): ReplayState => {
  const session = sessionAfter(state.session, event, command);
  return {
    ...state,
    roundEvents: state.roundEvents + 1,
    correlationId: correlationOf(session.request) ?? state.correlationId,
    session,
  };
};

/** Both brands are one subject token. */
const correlationOf = (request: ReplayRequest): CorrelationId | undefined =>
  request.scope === 'execution' ? (request.executionId as unknown as CorrelationId) : undefined;

const sessionAfter = (
  session: ReplaySession | null,
  event: ReplayEvent,
  command: ReplayCommandRecord,
): ReplaySession => {
  const { at, actor: by } = command;
  if (command.type === 'RequestReplay') return { request: command.body, at, by, attempts: 0, status: 'pending' };
  if (command.type === 'RecordReplay') {
    const { request, result } = command.body;
    return { request, at, by, attempts: 1, status: 'completed', startedAt: at, endedAt: at, result };
  }
  if (!session) throw new Error(`${event.type} of a session that nobody asked for`);
  switch (event.type) {
    case 'ReplayBegun':
      if (command.type !== 'BeginReplay') break;
      return {
        ...asked(session),
        attempts: event.attempt,
        status: 'running',
        startedAt: 'startedAt' in session ? (session.startedAt ?? at) : at,
        runner: command.body.runner,
        renewedAt: at,
        progress: null,
      };
    case 'ReplayProgressed':
      if (command.type !== 'RenewReplay' || session.status !== 'running') break;
      return { ...session, renewedAt: at, progress: command.body.progress };
    case 'ReplayCompleted':
      if (command.type !== 'CompleteReplay' || session.status !== 'running') break;
      return {
        ...asked(session),
        status: 'completed',
        startedAt: session.startedAt,
        endedAt: at,
        result: command.body.result,
      };
    case 'ReplayFailed': {
      const { code, message } = event;
      const startedAt = session.status === 'running' ? session.startedAt : null;
      return { ...asked(session), status: 'failed', startedAt, endedAt: at, error: { code, message } };
    }
    case 'ReplayRequested':
      break;
    default:
      return assertNever(event);
  }
  throw new Error(`${command.type} cannot lead to ${event.type} of a session that is ${session.status}`);
};

const asked = ({ request, at, by, attempts }: ReplaySession) => ({ request, at, by, attempts });
