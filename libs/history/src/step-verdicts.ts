import { type Divergence, type Json, STEP_VERDICTS_MAX, type StepVerdict } from '@throughline/contracts';
import {
  type AnyState,
  canonicalHash,
  effectClassOf,
  type ExecutionState,
  type WalkedEvent,
} from '@throughline/execution';
import { firstDifference } from './json-difference.ts';
import { stepOfEvent, type Visit, visitKey } from './step-of-event.ts';
import type { VerifiedCommit } from './verify.ts';

/** What verifying a history says of each step: which visits it is about, and what it found there. */

type Finding = Pick<StepVerdict, 'commit' | 'pointer' | 'expected' | 'actual'>;

interface Step {
  readonly visit: Visit;
  /** Whether any of its events was decided again. */
  decided: boolean;
  divergence?: Divergence;
  nondeterminism?: Finding;
}

interface Answer {
  readonly hash: string;
  readonly output: Json;
}

export interface StepFindings {
  /** By visit, in the order in which they were entered. */
  readonly steps: Map<string, Step>;
  /** First answers of handlers that are declared pure, by handler and request. */
  readonly answers: Map<string, Answer>;
}

export const noFindings = (): StepFindings => ({ steps: new Map(), answers: new Map() });

/** Takes in one verified commit; the divergence that it had first, with the step that it belongs to. */
export const takeVerified = (findings: StepFindings, verified: VerifiedCommit): Divergence | undefined => {
  const { decided, differences, walked } = verified;
  const stepAt: (Step | undefined)[] = walked.map((event) => {
    const step = stepIn(findings, event);
    if (step && decided) step.decided = true;
    if (step) findNondeterminism(findings, step, event, verified.version);
    return step;
  });
  // An event that is missing would have come after the last one.
  const stepOf = (index: number): Step | undefined =>
    index < walked.length ? stepAt[index] : stepAt.findLast((step) => step !== undefined);
  for (const [index, divergence] of differences) {
    const step = stepOf(index);
    if (step) step.divergence ??= { ...divergence, step: step.visit };
  }
  const [first] = differences;
  if (!first) return undefined;
  const [index, divergence] = first;
  const step = stepOf(index);
  return step ? { ...divergence, step: step.visit } : divergence;
};

const stepIn = ({ steps }: StepFindings, event: WalkedEvent<AnyState>): Step | undefined => {
  const visit = stepOfEvent(event);
  if (!visit) return undefined;
  const key = visitKey(visit);
  const known = steps.get(key);
  if (known) return known;
  const step: Step = { visit, decided: false };
  steps.set(key, step);
  return step;
};

/** Whether a handler that is declared pure has answered this request before, and in another way. */
const findNondeterminism = (
  { answers }: StepFindings,
  step: Step,
  { event, command, before }: WalkedEvent<AnyState>,
  commit: number,
): void => {
  if (event.type !== 'StepSucceeded' || command.type !== 'CompleteStep') return;
  // Only executions have steps.
  const attempt = (before as ExecutionState).attempts.get(event.token);
  if (!attempt || effectClassOf(attempt, event, command) !== 'pure') return;
  const { output, outputHash: hash } = command.body;
  const request = canonicalHash([attempt.queue, attempt.handler, attempt.input]);
  const first = answers.get(request);
  if (!first) {
    answers.set(request, { hash, output });
  } else if (first.hash !== hash) {
    const difference = firstDifference(first.output, output, '/output');
    step.nondeterminism ??= difference ? { commit, ...difference } : { commit, pointer: '/output' };
  }
};

/** As a result lists them: where there are too many, those that are as they should be are left out first. */
export const stepVerdicts = ({ steps }: StepFindings): { steps: StepVerdict[]; truncated?: true } => {
  const all = [...steps.values()].map(verdictOfStep);
  if (all.length <= STEP_VERDICTS_MAX) return { steps: all };
  const isBad = ({ verdict }: StepVerdict): boolean => verdict === 'divergent' || verdict === 'nondeterministic';
  let room = Math.max(0, STEP_VERDICTS_MAX - all.filter(isBad).length);
  const kept = all.filter((step) => isBad(step) || room-- > 0);
  return { steps: kept.slice(0, STEP_VERDICTS_MAX), truncated: true };
};

const verdictOfStep = ({ visit, decided, divergence, nondeterminism }: Step): StepVerdict => {
  const { state, frame } = visit;
  const named = { state, frame, visit: visit.visit };
  if (divergence) {
    const { commit, pointer, expected, actual } = divergence;
    return { ...named, verdict: 'divergent', commit, pointer, expected, actual };
  }
  if (nondeterminism) return { ...named, verdict: 'nondeterministic', ...nondeterminism };
  return { ...named, verdict: decided ? 'identical' : 'skipped' };
};
