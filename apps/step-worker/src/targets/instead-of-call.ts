import { StepDeferral, StepError } from '@throughline/worker-sdk';
import type { NotCalled } from './target.ts';

const WAIT_MS_MAX = 60_000;

const WHY: Readonly<Record<NotCalled['why'], string>> = {
  open: 'fails, so it is not called for now',
  busy: 'is called as often at once as it may be',
  retries: 'has been tried again too often lately',
};

interface Waiting {
  readonly waitedMs: number;
  readonly holdMs: number;
}

/**
 * A step whose target is not called waits on the log, each time longer, and never in a worker's hands. One that has waited for a
 * failing target for long enough fails as the target's last callers did, so that the machine's Retry and Catch take over.
 */
export const insteadOfCall = (
  { why, forMs, failure }: NotCalled,
  origin: string,
  { waitedMs, holdMs }: Waiting,
): StepDeferral | StepError => {
  const said = failure ? ` (last: ${failure.error}: ${failure.cause.slice(0, 200)})` : '';
  const cause = `${origin} ${WHY[why]}${said}`;
  if (why === 'open' && failure && waitedMs >= holdMs) return new StepError(failure.error, cause);
  const atLeastMs = Math.max(forMs, waitedMs / 2);
  // Spread, or all that waited would come at once.
  return new StepDeferral(Math.min(atLeastMs * (1 + Math.random()), WAIT_MS_MAX), { error: failure?.error, cause });
};
