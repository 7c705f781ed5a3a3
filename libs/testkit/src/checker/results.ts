import { type EventSeen, placeOf } from './commit-on-log.ts';
import { visitOf } from './execution-book.ts';
import type { PromiseTable } from './promise-table.ts';

/** Whatever is said of an attempt, it was scheduled before and is still open; and it is handed on once. */
export const resultsAfterSchedule = ({ commit, seq, index, event, book }: EventSeen, table: PromiseTable): void => {
  if (event.type === 'StepSubmitted' && book.attempts.get(event.token)?.submitted === true) {
    table.violated('results', placeOf(commit, seq, index), `attempt ${event.token} is handed on a second time`);
  }
  switch (event.type) {
    case 'StepSucceeded':
    case 'StepFailed':
    case 'StepTimedOut':
    case 'StepCancelled':
    case 'StepSubmitted':
    case 'StepReleased':
    case 'StepHeartbeatRecorded':
      table.expect(
        book.attempts.has(event.token),
        'results',
        placeOf(commit, seq, index),
        `${event.type} of attempt ${event.token}, which is not open`,
      );
      return;
    default:
      return;
  }
};

/** One visit of a state has one result that counts, unless that one was thrown away by a retry. */
export const countedOnce = ({ commit, seq, index, event, book }: EventSeen, table: PromiseTable): void => {
  if (event.type !== 'StepSucceeded') return;
  const attempt = book.attempts.get(event.token);
  if (!attempt) return table.checked('counted-once');
  const visit = visitOf(attempt);
  table.expect(
    !book.counted.has(visit),
    'counted-once',
    placeOf(commit, seq, index),
    `visit ${visit} has a second result that counts`,
  );
};
