import { type EventSeen, placeOf } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';
import type { RetryPolicies } from './retry-policies.ts';

/** Attempts are counted without a gap, every one after the first has its retry, and the definition allows the retry. */
export const attemptsInPolicy = (seen: EventSeen, policies: RetryPolicies, table: PromiseTable): void => {
  const { commit, seq, index, event, book } = seen;
  if (event.type !== 'StepScheduled' && event.type !== 'RetryScheduled') return;
  table.checked('attempts');
  const wrong = (problem: string): void => table.violated('attempts', placeOf(commit, seq, index), problem);
  const tally = book.frames.get(event.frame);
  if (event.type === 'StepScheduled') {
    if (tally?.attempts !== undefined && event.attempt !== tally.attempts + 1) {
      wrong(`attempt ${event.attempt} at '${event.state}' follows attempt ${tally.attempts}`);
    }
    if (tally && !tally.mayTry) wrong(`attempt ${event.attempt} at '${event.state}', and no retry was scheduled`);
    return;
  }
  const { state, retrier, retry, delayMs } = event;
  const before = tally?.retries.get(retrier);
  const first = tally?.attempts === undefined && before === undefined ? undefined : (before ?? 0);
  if (first !== undefined && retry !== first + 1) wrong(`retry ${retry} at '${state}' follows retry ${first}`);
  const policy = policies.of(commit.tenant, book.workflow, state);
  if (!policy) return;
  const allowed = policy[retrier];
  if (!allowed) return wrong(`'${state}' has no retrier ${retrier}`);
  if (retry > allowed.retriesMax) wrong(`retry ${retry} at '${state}', whose retrier allows ${allowed.retriesMax}`);
  if (delayMs > Math.ceil(allowed.delayMaxMs(retry))) wrong(`'${state}' waits ${delayMs} ms before retry ${retry}`);
};
