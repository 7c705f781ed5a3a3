import type { ExecutionBook } from './execution-book.ts';
import type { PromiseTable } from './promise-table.ts';

/** What an open execution waits for, by name; empty: nothing will ever move it. */
export const waitsFor = (book: ExecutionBook): readonly string[] => [
  ...[...book.attempts.values()].map(({ token, awaits, state }) => `${awaits} of '${state}' (${token})`),
  ...[...book.timers.values()].map(
    ({ id, purpose, dueAtMs }) => `${purpose} timer ${id} due ${new Date(dueAtMs).toISOString()}`,
  ),
  ...[...book.approvals].map((id) => `approval ${id}`),
  ...[...book.requests].flatMap(([token, { state, assets, taken, attempt }]) =>
    attempt === undefined ? [`lock of '${assets[taken.length] ?? ''}' for '${state}' (${token})`] : [],
  ),
  ...(book.pausedAtMs === undefined ? [] : ['a resume']),
  ...(book.reviewing ? ['a review'] : []),
];

/** Every execution has ended, or waits for something that can be named. */
export const endedOrWaiting = (books: Iterable<ExecutionBook>, table: PromiseTable): void => {
  table.reset('liveness');
  for (const book of books) {
    if (!book.started) continue;
    const { tenant, aggregateId } = book.ref;
    table.expect(
      book.ended !== undefined || waitsFor(book).length > 0,
      'liveness',
      `${tenant}/execution/${aggregateId} version ${book.version} (sequence ${book.lastSeq})`,
      book.continues
        ? 'it has asked to go on, and nothing does'
        : 'it is open, and nothing that it waits for can move it',
    );
  }
};
