import type { ErrorEnvelope, Resolution } from '@throughline/contracts';
import type { ExecutionState } from '../execution-state.ts';
import { currentFrame } from '../frames.ts';
import { errorEnvelope } from './error-envelope.ts';

/** What ended the execution without success; null where nothing has. */
export const failureOf = (state: ExecutionState): ErrorEnvelope | null => {
  const { status, end, start, correlationId } = state;
  if (!end || !start || (status !== 'failed' && status !== 'timed_out')) return null;
  const frame = currentFrame(state.frames);
  const resolution: { status: Resolution; at: null } = { status: 'open', at: null };
  const where = status === 'timed_out' || !frame?.state ? null : frame.state;
  const told = { error: end.error ?? null, cause: end.cause ?? null, state: where, attempt: null, nextRetryAt: null };
  return errorEnvelope({ ...told, correlationId, resolution }, start.errorRules ?? []);
};
