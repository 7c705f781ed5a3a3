import {
  type Divergence,
  isTerminal,
  type Json,
  type ReplayResult,
  STEP_VERDICTS_MAX,
  type StepVerdict,
} from '@throughline/contracts';
import { canonicalHash, type CommitAt, type ExecutionState } from '@throughline/execution';
import { fold } from '../fold.ts';
import { firstDifference } from '../json-difference.ts';
import { type RecordedVisit, recordedVisits } from './recorded-visits.ts';

export interface ComparedRun {
  readonly original: readonly CommitAt[];
  /** The re-execution, to its end. */
  readonly again: readonly CommitAt[];
  /** The commit of the original that the re-execution went on from. */
  readonly after: number;
}

/** How a re-execution fared, step by step: `expected` is what the original did, `actual` what was done again. */
export const compareRuns = ({ original, again, after }: ComparedRun): ReplayResult => {
  const repeated = recordedVisits(again);
  const verdicts: StepVerdict[] = [];
  let first: Divergence | undefined;
  const differ = (visit: RecordedVisit, divergence: Omit<Divergence, 'step' | 'commit'>): void => {
    const { state, frame, visit: n, commit } = visit;
    first ??= { commit, step: { state, frame, visit: n }, ...divergence };
  };
  const visits = recordedVisits(original, after);
  for (const [key, visit] of visits) {
    const { state, frame, visit: n } = visit;
    const other = repeated.get(key);
    const found = other ? comparedVisits(visit, other) : ({ verdict: 'skipped' } as const);
    if (found.verdict === 'divergent' || found.verdict === 'nondeterministic') {
      const { pointer, expected, actual, reason } = found;
      differ(visit, { pointer, expected, actual, reason });
      verdicts.push({
        state,
        frame,
        visit: n,
        verdict: found.verdict,
        commit: visit.commit,
        pointer,
        expected,
        actual,
      });
    } else verdicts.push({ state, frame, visit: n, verdict: found.verdict });
  }
  first ??= endDivergence(original, again);
  const identical = verdicts.filter(({ verdict }) => verdict === 'identical').length;
  const state = fold<ExecutionState>(original);
  return {
    verdict: first ? 'divergent' : 'identical',
    commits: again.length,
    events: again.reduce((sum, { commit }) => sum + commit.events.length, 0),
    // Rounded down, so that 100 always means all.
    matchPercent: verdicts.length === 0 ? (first ? 0 : 100) : Math.floor((10_000 * identical) / verdicts.length) / 100,
    ...(first ? { firstDivergence: first } : {}),
    ...(state && !isTerminal(state.status) ? { running: true } : {}),
    atCommit: original.length,
    steps: verdicts.slice(0, STEP_VERDICTS_MAX),
    ...(verdicts.length > STEP_VERDICTS_MAX ? { truncated: true } : {}),
  };
};

type Compared =
  | { readonly verdict: 'identical' }
  | {
      readonly verdict: 'divergent' | 'nondeterministic';
      readonly pointer: string;
      readonly expected: Json;
      readonly actual: Json;
      readonly reason: string;
    };

/** In the order in which they came about: what went in, what was asked and answered, what came out. */
const comparedVisits = (was: RecordedVisit, is: RecordedVisit): Compared => {
  const input = compared('/input', was.input, is.input, 'another input');
  if (input) return { verdict: 'divergent', ...input };
  for (const [n, attempt] of was.attempts) {
    const other = is.attempts.get(n);
    // One that is open in the original can tell nothing.
    if (!other || attempt.outcome === undefined) continue;
    const at = `/attempts/${n}`;
    if (attempt.asked !== other.asked) {
      const request = compared(`${at}/request`, attempt.request, other.request, 'another request');
      if (request) return { verdict: 'divergent', ...request };
    }
    const outcome = compared(`${at}/outcome`, attempt.outcome, other.outcome ?? null, 'another answer');
    if (!outcome) continue;
    // The same was asked, and who says of itself that it always answers the same has not.
    if (attempt.effectClass === 'pure') {
      return { verdict: 'nondeterministic', ...outcome, reason: 'a pure step answered the same request otherwise' };
    }
    return { verdict: 'divergent', ...outcome };
  }
  const output = compared('/output', was.output, is.output ?? null, 'another output');
  return output ? { verdict: 'divergent', ...output } : { verdict: 'identical' };
};

const compared = (pointer: string, was: Json | undefined, is: Json | undefined, reason: string) => {
  if (was === undefined || is === undefined || canonicalHash(was) === canonicalHash(is)) return undefined;
  const difference = firstDifference(was, is, pointer) ?? { pointer, expected: was, actual: is };
  return { ...difference, reason };
};

/** Where every step went alike and the ends do not. */
const endDivergence = (original: readonly CommitAt[], again: readonly CommitAt[]): Divergence | undefined => {
  const [was, is] = [fold<ExecutionState>(original), fold<ExecutionState>(again)];
  if (!was || !is || !isTerminal(was.status)) return undefined;
  // Ended from outside, or again after an end: that is not done again.
  if (was.reopened > 0 || was.status === 'cancelled' || was.status === 'timed_out') return undefined;
  const [expected, actual] = [endOf(was), endOf(is)];
  if (canonicalHash(expected) === canonicalHash(actual)) return undefined;
  const difference = firstDifference(expected, actual, '/end') ?? { pointer: '/end', expected, actual };
  return { commit: original.length, ...difference, reason: 'another end' };
};

const endOf = ({ status, end }: ExecutionState): Json => ({
  status,
  ...(end?.output === undefined ? {} : { output: end.output }),
  ...(end?.error === undefined ? {} : { error: end.error }),
});
