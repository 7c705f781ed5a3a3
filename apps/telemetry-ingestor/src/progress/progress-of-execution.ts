import { type ExecutionCommit, isTerminal, type ProgressEvent } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import type { ExecutionState } from '@throughline/execution';
import { type EventPosition, isAfter, parsePosition, START_OF_HISTORY } from './event-position.ts';
import { stepProgress } from './progress-events.ts';

const isExecutionCommit = (logged: LoggedCommit): logged is LoggedCommit<ExecutionCommit> =>
  logged.commit.aggregate === 'execution';

const positionOf = (event: ProgressEvent): EventPosition => parsePosition(event.event_id) ?? START_OF_HISTORY;

/**
 * The events after a position, one list per commit, until the execution has ended. Always folds from the first commit:
 * progress is that of the whole history, wherever a listener comes in.
 */
export async function* progressOfExecution(
  initial: ExecutionState,
  commits: AsyncIterable<LoggedCommit> | Iterable<LoggedCommit>,
  after: EventPosition = START_OF_HISTORY,
): AsyncGenerator<readonly ProgressEvent[], void, undefined> {
  let state = initial;
  for await (const logged of commits) {
    if (!isExecutionCommit(logged)) throw new Error(`${initial.ref.aggregateId} holds a foreign commit`);
    const step = stepProgress(state, logged);
    state = step.state;
    yield step.events.filter((event) => isAfter(positionOf(event), after));
    if (isTerminal(state.status)) return;
  }
}
