/** What is proven of a system or of a log, in the words that the table shows. */
export const PROMISES = {
  acknowledged: 'every acknowledged command is on the log exactly once',
  chain: 'the commits of an aggregate follow each other without a gap',
  tenant: 'the tenant is the same in subject, commit and row',
  decides: 'deciding again gives every commit byte for byte',
  'commands-once': 'no command is decided twice',
  transitions: 'every change of status is a legal one',
  'one-end': 'one end for each reopening, with nothing left open, and nothing moves after it',
  results: 'no result without an earlier schedule',
  'counted-once': 'at most one result of a step visit counts',
  attempts: 'attempts and retries stay within the policy of their state',
  timers: 'no timer fires before its due time or after its cancel',
  mutex: 'no two hold one mutex at a time',
  effects: "the sink's ledger and the log say the same of what was done",
  queues: 'tasks and timers in the queues are of steps and timers on the log',
  rows: 'the rows of every read model equal the fold of the log',
  checkpoints: 'no checkpoint goes back',
  lag: 'every projection has read the whole log',
  audit: 'the audit chain verifies',
  liveness: 'every execution has ended, or waits for something that can be named',
} as const;
export type PromiseName = keyof typeof PROMISES;

export interface Violation {
  readonly promise: PromiseName;
  /** The execution, row, timer or message that it is about, with its place on the log where it has one. */
  readonly where: string;
  readonly problem: string;
}

export interface PromiseResult {
  readonly promise: PromiseName;
  /** Commits, events, rows or messages that were looked at; 0: nothing was there to look at. */
  readonly checked: number;
  readonly violations: number;
  /** The first of them. */
  readonly named: readonly Violation[];
}

export interface CheckReport {
  readonly ok: boolean;
  readonly promises: readonly PromiseResult[];
}

const NAMED_MAX = 10;

interface Row {
  checked: number;
  violations: number;
  readonly named: Violation[];
}

/** Counts what was looked at and what was wrong, promise by promise. */
export class PromiseTable {
  readonly #rows = new Map<PromiseName, Row>();
  readonly #namedMax: number;

  constructor(options: { readonly namedMax?: number } = {}) {
    this.#namedMax = options.namedMax ?? NAMED_MAX;
  }

  checked(promise: PromiseName, times: number = 1): void {
    this.#row(promise).checked += times;
  }

  violated(promise: PromiseName, where: string, problem: string): void {
    const row = this.#row(promise);
    row.violations += 1;
    if (row.named.length < this.#namedMax) row.named.push({ promise, where, problem });
  }

  /** `checked` and, where it is not so, `violated`. */
  expect(holds: boolean, promise: PromiseName, where: string, problem: string): void {
    this.checked(promise);
    if (!holds) this.violated(promise, where, problem);
  }

  /** Forgets what was found about a promise: it is looked at anew. */
  reset(promise: PromiseName): void {
    this.#rows.delete(promise);
  }

  /** Adds what another table has found. */
  add(other: PromiseTable): void {
    for (const [promise, { checked, violations, named }] of other.#rows) {
      const row = this.#row(promise);
      row.checked += checked;
      row.violations += violations;
      row.named.push(...named.slice(0, Math.max(0, this.#namedMax - row.named.length)));
    }
  }

  violationsOf(promise: PromiseName): number {
    return this.#rows.get(promise)?.violations ?? 0;
  }

  /** In the order of `PROMISES`; promises that nothing was looked at for are left out. */
  report(): CheckReport {
    const promises = (Object.keys(PROMISES) as PromiseName[]) // its own keys
      .flatMap((promise): readonly PromiseResult[] => {
        const row = this.#rows.get(promise);
        return row ? [{ promise, ...row }] : [];
      });
    return { ok: promises.every(({ violations }) => violations === 0), promises };
  }

  #row(promise: PromiseName): Row {
    const known = this.#rows.get(promise);
    if (known) return known;
    const row: Row = { checked: 0, violations: 0, named: [] };
    this.#rows.set(promise, row);
    return row;
  }
}

/** For people: a line per promise, and under it the first violations by name. */
export const promiseLines = ({ promises }: CheckReport): readonly string[] =>
  promises.flatMap(({ promise, checked, violations, named }) => [
    `${violations === 0 ? 'ok      ' : 'VIOLATED'}  ${promise.padEnd(14)} ${String(checked).padStart(9)} checked  ${String(violations).padStart(5)} violations  ${PROMISES[promise]}`,
    ...named.map(({ where, problem }) => `            ${where}: ${problem}`),
  ]);

/** One line for the end of a test: `checked 16 promises over 1,234 commits: 0 violations`. */
export const checkLine = ({ promises }: CheckReport): string => {
  const commits = promises.find(({ promise }) => promise === 'chain')?.checked ?? 0;
  const violations = promises.reduce((sum, promise) => sum + promise.violations, 0);
  return `checked ${promises.length} promises over ${commits} commits: ${violations} violations`;
};

/** Throws where anything is violated, naming it. */
export const expectNoViolation = (report: CheckReport): void => {
  if (!report.ok) throw new Error(['the checker found:', ...promiseLines(report)].join('\n'));
};
