import type { BookedAttempt, ExecutionBook, ExecutionBooks } from './execution-book.ts';
import type { LogCheck } from './log-check.ts';
import type { Mutexes } from './mutex.ts';
import type { SingleTimers } from './timers.ts';
import { waitsFor } from './waiting.ts';

/** What is in the queues, as far as the log can be compared with it. */
export interface Queued {
  /** `<tenant>/<execution>/<token>` of every task. */
  readonly tasks: ReadonlySet<string>;
  /** `<tenant>/<aggregate>/<id>/<timer>` of every timer, armed or due. */
  readonly timers: ReadonlySet<string>;
}

export interface StillDue {
  readonly where: string;
  readonly problem: string;
}

/** A timer may fire so late, and a decision about it take so long, that nothing is wrong yet. */
const LATE_MS = 5_000;

/**
 * What should happen by itself and has not: while the system works this is only what is under way, and once it is quiet,
 * what nobody will ever do.
 */
export const stillDue = (
  { books, mutexes, singleTimers }: Read,
  queued: Queued,
  nowMs: number,
): readonly StillDue[] => {
  const children = childrenOf(books);
  const due: StillDue[] = [...ofSingleTimers(singleTimers, queued, nowMs)];
  for (const book of books.all()) {
    if (!book.started) continue;
    const { tenant, aggregateId } = book.ref;
    const where = `${tenant}/execution/${aggregateId} version ${book.version} (sequence ${book.lastSeq})`;
    const problems = [
      ...ofDeliveries(book, queued),
      ...(book.ended === undefined ? [...ofOpen(book, queued, children, nowMs), ...ofLocks(book, mutexes)] : []),
    ];
    for (const problem of problems) due.push({ where, problem });
  }
  return due;
};

type Read = Pick<LogCheck, 'books' | 'mutexes' | 'singleTimers'>;

/** Executions by the attempt that has started them. */
const childrenOf = (books: ExecutionBooks): ReadonlyMap<string, ExecutionBook> => {
  const children = new Map<string, ExecutionBook>();
  for (const book of books.all()) {
    if (book.parent) children.set(`${book.ref.tenant}/${book.parent.executionId}/${book.parent.token}`, book);
  }
  return children;
};

const ofOpen = (
  book: ExecutionBook,
  queued: Queued,
  children: ReadonlyMap<string, ExecutionBook>,
  nowMs: number,
): readonly string[] => {
  if (waitsFor(book).length === 0) return ['it is open, and waits for nothing that can be named'];
  const standsStill = book.pausedAtMs !== undefined || book.reviewing;
  return [
    ...[...book.attempts.values()].flatMap((attempt) => ofAttempt(book, attempt, queued, children)),
    ...(standsStill ? [] : ofTimers(book, queued, nowMs)),
    ...(book.continues && !standsStill && !book.cancelling ? ['it has asked to go on, and nothing does'] : []),
  ];
};

const keyOf = ({ ref }: ExecutionBook, token: string): string => `${ref.tenant}/${ref.aggregateId}/${token}`;

const ofAttempt = (
  book: ExecutionBook,
  { token, awaits, submitted, state }: BookedAttempt,
  { tasks }: Queued,
  children: ReadonlyMap<string, ExecutionBook>,
): readonly string[] => {
  const named = `'${state}' (${token})`;
  switch (awaits) {
    case 'approval':
    case 'signal':
      return [];
    case 'child': {
      const child = children.get(keyOf(book, token));
      if (!child) return [`the child of ${named} has not begun`];
      // It waits for whoever the child hands its token to.
      if (child.parent?.awaits === 'callback') return [];
      if (child.parent?.awaits === 'start') return [`the child of ${named} has begun, and it does not know`];
      return child.ended === undefined ? [] : [`the child of ${named} has ended, and it does not know`];
    }
    case 'callback':
    case 'activity':
      return submitted || tasks.has(keyOf(book, token)) ? [] : [`the task of ${named} is in no queue`];
    case 'result':
    case 'job':
    case 'record':
      return tasks.has(keyOf(book, token)) ? [] : [`the task of ${named} is in no queue`];
  }
};

const ofTimers = (book: ExecutionBook, { timers }: Queued, nowMs: number): readonly string[] =>
  [...book.timers.values()].flatMap(({ id, purpose, dueAtMs }) => {
    const { tenant, aggregate, aggregateId } = book.ref;
    if (dueAtMs < nowMs - LATE_MS) return [`its ${purpose} timer ${id} was due at ${new Date(dueAtMs).toISOString()}`];
    return dueAtMs < nowMs || timers.has(`${tenant}/${aggregate}/${aggregateId}/${id}`)
      ? []
      : [`its ${purpose} timer ${id} is armed nowhere`];
  });

const ofDeliveries = (book: ExecutionBook, { tasks }: Queued): readonly string[] =>
  [...book.deliveries].flatMap(([id, phase]) =>
    phase === 'attempt' && !tasks.has(keyOf(book, id)) ? [`the attempt at delivery ${id} is in no queue`] : [],
  );

/** A step that waits for a lock stands in its queue. */
const ofLocks = (book: ExecutionBook, mutexes: Mutexes): readonly string[] =>
  [...book.requests].flatMap(([token, { state, assets, taken, attempt }]) => {
    const asset = assets[taken.length];
    if (attempt !== undefined || asset === undefined) return [];
    const known = mutexes.knows(book.ref.tenant, asset, `${book.ref.aggregateId}/${token}`);
    if (known === 'waits') return [];
    return [
      known === 'holds'
        ? `'${state}' has the lock of '${asset}', and does not know`
        : `the lock of '${asset}' does not know that '${state}' waits for it`,
    ];
  });

const ofSingleTimers = (singleTimers: SingleTimers, { timers }: Queued, nowMs: number): readonly StillDue[] =>
  [...singleTimers.armed].flatMap(([where, { id, dueAt }]) => {
    const dueAtMs = Date.parse(dueAt);
    if (dueAtMs < nowMs - LATE_MS) return [{ where, problem: `its timer ${id} was due at ${dueAt}` }];
    return dueAtMs < nowMs || timers.has(`${where}/${id}`)
      ? []
      : [{ where, problem: `its timer ${id} is armed nowhere` }];
  });
