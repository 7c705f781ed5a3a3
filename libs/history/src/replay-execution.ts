import {
  assertNever,
  type Commit,
  type Divergence,
  type ExecutionEvent,
  isTerminal,
  type ReplayedStep,
  type ReplayResult,
} from '@throughline/contracts';
import {
  type AnyState,
  type CommitAt,
  deciderOf,
  type ExecutionState,
  openFrames,
  walkCommit,
} from '@throughline/execution';
import { stepOfEvent, visitKey } from './step-of-event.ts';
import { noFindings, stepVerdicts, takeVerified } from './step-verdicts.ts';
import { beginVerification, type ResolveMachine, verdictOf, verifyNext } from './verify.ts';

/** Which commits of an execution are decided again. */
export type ReplayPart =
  | { readonly mode: 'full' }
  | { readonly mode: 'from_step'; readonly fromStep: ReplayedStep }
  | { readonly mode: 'failed_only' };

/** The version of the commit in which the step is entered; undefined where the execution never came there. */
export const commitEntering = (commits: readonly CommitAt[], step: ReplayedStep): number | undefined => {
  const { state, frame, visit = 1 } = step;
  // A frame's id is given once, so its visits can be counted without folding.
  const entries = new Map<string, number>();
  for (const { commit } of commits) {
    for (const event of commit.events) {
      if (event.type !== 'StateEntered' || event.state !== state) continue;
      if (frame !== undefined && event.frame !== frame) continue;
      const entered = (entries.get(event.frame) ?? 0) + 1;
      entries.set(event.frame, entered);
      if (entered === visit) return commit.version;
    }
  }
  return undefined;
};

/** Verifies an execution's history, all of it or a part, step by step; hands control back after every commit. */
export function* replayExecution(
  commits: readonly CommitAt[],
  resolveMachine: ResolveMachine,
  part: ReplayPart,
): Generator<void, ReplayResult, void> {
  const decides = yield* decidedIn(commits, part);
  const findings = noFindings();
  let firstDivergence: Divergence | undefined;
  const verification = beginVerification(resolveMachine, {
    decides,
    onCommit: (verified) => {
      const found = takeVerified(findings, verified);
      firstDivergence ??= found;
    },
  });
  for (const logged of commits) {
    verifyNext(verification, logged);
    yield;
  }
  const verdict = verdictOf(verification);
  // One that was found before the commit could be read knows of no step.
  const first = verdict.firstDivergence;
  const withStep = first && firstDivergence && first.commit === firstDivergence.commit ? firstDivergence : first;
  // Executions only; undefined where the history cannot be folded to its end.
  const state = verification.state as ExecutionState | undefined;
  return {
    ...verdict,
    ...(withStep ? { firstDivergence: withStep } : {}),
    ...(state && !isTerminal(state.status) ? { running: true } : {}),
    atCommit: commits.length,
    ...stepVerdicts(findings),
  };
}

function* decidedIn(
  commits: readonly CommitAt[],
  part: ReplayPart,
): Generator<void, (version: number) => boolean, void> {
  switch (part.mode) {
    case 'full':
      return () => true;
    case 'from_step': {
      const first = commitEntering(commits, part.fromStep) ?? Infinity;
      return (version) => version >= first;
    }
    case 'failed_only': {
      const concerned = yield* commitsOfFailedSteps(commits);
      return (version) => concerned.has(version);
    }
    default:
      return assertNever(part);
  }
}

/** Every commit that says anything of a visit that something went wrong in. */
function* commitsOfFailedSteps(commits: readonly CommitAt[]): Generator<void, ReadonlySet<number>, void> {
  const commitsOf = new Map<string, number[]>();
  const failed = new Set<string>();
  const first = commits[0]?.commit;
  if (!first) return new Set();
  let state = deciderOf<AnyState>(first.aggregate).initial(refOf(first));
  for (const logged of commits) {
    try {
      state = walkCommit(state, logged, (walked) => {
        if (walked.event.type === 'ExecutionFailed') {
          for (const key of openVisits(walked.before as ExecutionState)) failed.add(key);
        }
        const visit = stepOfEvent(walked);
        if (!visit) return;
        const key = visitKey(visit);
        const list = commitsOf.get(key) ?? [];
        if (list.at(-1) !== logged.commit.version) list.push(logged.commit.version);
        commitsOf.set(key, list);
        // Only executions have steps.
        if (tellsOfFailure(walked.event as ExecutionEvent)) failed.add(key);
      });
    } catch {
      break; // what cannot be folded, the verification says
    }
    yield;
  }
  return new Set([...failed].flatMap((key) => commitsOf.get(key) ?? []));
}

/** What was not over when the execution failed: a `Fail` state has no failure of its own. */
const openVisits = ({ frames }: ExecutionState): readonly string[] =>
  openFrames(frames).map(({ id, state, visit }) => visitKey({ frame: id, state, visit }));

const refOf = ({ tenant, aggregate, aggregateId }: Commit) => ({ tenant, aggregate, aggregateId });

const FAILURES: ReadonlySet<ExecutionEvent['type']> = new Set([
  'StepFailed',
  'StepTimedOut',
  'EvaluationFailed',
  'BranchFailed',
  'IterationFailed',
  'ParallelFailed',
  'MapFailed',
  'RetryScheduled',
  'ErrorCaught',
]);
const tellsOfFailure = (event: ExecutionEvent): boolean =>
  FAILURES.has(event.type) || (event.type === 'LockWaitEnded' && event.how === 'failed');
