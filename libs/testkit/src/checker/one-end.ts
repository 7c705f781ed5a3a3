import { type EventSeen, placeOf } from './commit-on-log.ts';
import type { PromiseTable } from './promise-table.ts';

const ENDS = new Set(['ExecutionSucceeded', 'ExecutionFailed', 'ExecutionCancelled', 'ExecutionTimedOut']);
/** What may be said of an execution that has ended: notes, and the handing over of its result. */
const AFTER_END = new Set([
  'ExecutionReopened',
  'ExecutionAnnotated',
  'DeliveryScheduled',
  'DeliveryAttemptStarted',
  'DeliveryAttemptFailed',
  'DeliverySucceeded',
  'DeliveryFailed',
]);
const TIMER_EVENTS = new Set(['TimerArmed', 'TimerFired', 'TimerCancelled']);

/** An execution starts once, ends once for each time that it went on, and leaves nothing open behind its end. */
export const oneEnd = ({ commit, seq, index, event, book }: EventSeen, table: PromiseTable): void => {
  table.checked('one-end');
  const wrong = (problem: string): void => table.violated('one-end', placeOf(commit, seq, index), problem);
  if (event.type === 'ExecutionStarted') {
    if (book.started) wrong('it starts a second time');
    return;
  }
  if (!book.started) return wrong(`${event.type} before its start`);
  if (event.type === 'ExecutionReopened') {
    if (book.ended === undefined) wrong('it is reopened before it has ended');
    if (book.ended === 'succeeded') wrong('it is reopened after a success');
    if (event.n !== book.reopened + 1) wrong(`reopening ${event.n} follows reopening ${book.reopened}`);
    return;
  }
  if (book.ended !== undefined) {
    if (ENDS.has(event.type)) wrong(`${event.type} after it has ended: ${book.ended}`);
    else if (!AFTER_END.has(event.type) && !isOfDelivery(event, book)) wrong(`${event.type} after its end`);
    return;
  }
  if (!ENDS.has(event.type)) return;
  if (book.attempts.size > 0) wrong(`it ends with open attempts: ${[...book.attempts.keys()].join(', ')}`);
  if (book.timers.size > 0) wrong(`it ends with armed timers: ${[...book.timers.keys()].join(', ')}`);
  if (event.type === 'ExecutionSucceeded' && book.cancelling) wrong('it succeeds while it is being cancelled');
};

/** Timers of an ended execution are those of its deliveries. */
const isOfDelivery = (event: EventSeen['event'], book: EventSeen['book']): boolean => {
  if (!TIMER_EVENTS.has(event.type)) return false;
  if (event.type === 'TimerArmed') return event.purpose === 'delivery-retry';
  return 'timer' in event && book.timers.get(event.timer)?.purpose === 'delivery-retry';
};
