import { assertNever, type ReplaySessionView } from '@throughline/contracts';
import type { ReplayState } from '@throughline/execution';

/** Undefined for a session that nobody asked for. */
export const sessionView = ({ ref, session }: ReplayState): ReplaySessionView | undefined => {
  if (!session) return undefined;
  const { request, at, by, attempts } = session;
  const ofExecution = request.scope === 'execution' ? request : undefined;
  const asked = {
    id: ref.aggregateId,
    scope: request.scope,
    executionId: ofExecution?.executionId ?? null,
    kind: ofExecution?.kind ?? 'verify',
    mode: ofExecution?.mode ?? 'full',
    fromStep: ofExecution?.fromStep ?? null,
    live: ofExecution?.live ?? false,
    since: (request.scope === 'all' ? request.since : undefined) ?? null,
    at,
    by,
    attempts,
  } as const;
  switch (session.status) {
    case 'pending':
      return { ...asked, status: 'pending' };
    case 'running':
      return { ...asked, status: 'running', startedAt: session.startedAt, progress: session.progress };
    case 'completed': {
      const { startedAt, endedAt, result } = session;
      return { ...asked, status: 'completed', startedAt, endedAt, result };
    }
    case 'failed': {
      const { startedAt, endedAt, error } = session;
      return { ...asked, status: 'failed', startedAt, endedAt, error };
    }
    default:
      return assertNever(session);
  }
};
