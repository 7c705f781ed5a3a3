import type { Machine } from '@throughline/asl';
import {
  type ExecutionEvent,
  executionIdSchema,
  isTerminal,
  type Json,
  type RecordedExecutionCommand,
  type WhatIfDifference,
  type WhatIfFinding,
  type WhatIfVerdict,
} from '@throughline/contracts';
import { canonicalHash, type CommitAt, type ExecutionState, initialExecution } from '@throughline/execution';
import { firstDifference } from '../json-difference.ts';
import { type PendingCommand, WalkedExecution, type WalkedRound } from '../walked-execution.ts';
import { Candidate } from './candidate.ts';
import { describeDifference, differsAt } from './compared-events.ts';
import { endOf, type FreeWalk, freeWalk } from './free-walk.ts';
import { recordedOf } from './recorded-answers.ts';

/** How far another definition decides as it was decided. */
type SoFar =
  | { readonly kind: 'same'; readonly state: ExecutionState }
  | {
      readonly kind: 'differs';
      readonly difference: WhatIfDifference;
      /** After the differing commit, as the other definition has it. */
      readonly walked: WalkedExecution;
      readonly started: boolean;
    };

/** Where the machine first decides otherwise than was recorded; undefined where it has been equivalent so far. */
export const firstDecidedOtherwise = (
  machine: Machine,
  commits: readonly CommitAt[],
): Generator<void, WhatIfDifference | undefined> => differenceOf(comparedInSteps(machine, commits));

function* differenceOf(steps: Generator<void, SoFar>): Generator<void, WhatIfDifference | undefined> {
  const soFar = yield* steps;
  return soFar.kind === 'differs' ? soFar.difference : undefined;
}

/**
 * What the machine would have made of one recorded execution: first decides its recorded commands again, and from the first
 * difference on walks by itself. Hands control back after every commit.
 */
export function* whatIfInSteps(machine: Machine, commits: readonly CommitAt[]): Generator<void, WhatIfFinding> {
  const first = commits[0]?.commit;
  if (!first) throw new Error('an execution without commits');
  const executionId = executionIdSchema.parse(first.aggregateId);
  const soFar = yield* comparedInSteps(machine, commits);
  const version = new Candidate(machine, commits).startedAs?.version ?? null;
  if (soFar.kind === 'same') {
    const { state } = soFar;
    const open = !isTerminal(state.status);
    return { executionId, version, verdict: 'identical', open, recorded: endOf(state), missing: [], notCalled: [] };
  }
  const { difference, walked, started } = soFar;
  const recorded = recordedOf(commits);
  const found = { executionId, version, open: !isTerminal(recorded.last.status), first: difference };
  if (!started) {
    const candidate = { status: 'refused', cause: difference.reason };
    return { ...found, verdict: 'other_end', recorded: endOf(recorded.last), candidate, missing: [], notCalled: [] };
  }
  const walk = yield* freeWalk(walked, recorded, difference);
  return { ...found, ...judged(recorded.last, walk) };
}

/** All at once, for those who do nothing else meanwhile. */
export const whatIf = (machine: Machine, commits: readonly CommitAt[]): WhatIfFinding => {
  const steps = whatIfInSteps(machine, commits);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

const judged = (last: ExecutionState, walk: FreeWalk) => {
  const [recorded, candidate] = [endOf(last), walk.end];
  const bothOpen = !isTerminal(last.status) && !OVER.has(candidate.status);
  // Both hold JSON only.
  const [was, is] = [recorded, candidate] as unknown as [Json, Json];
  const sameEnd = bothOpen || canonicalHash(was) === canonicalHash(is);
  const endPointer = sameEnd ? undefined : firstDifference(was, is)?.pointer;
  return {
    verdict: verdictOf(walk, sameEnd),
    recorded,
    candidate,
    ...(endPointer === undefined ? {} : { endPointer }),
    missing: [...walk.missing],
    notCalled: [...walk.notCalled],
  };
};

const OVER: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'timed_out', 'bounded', 'refused']);

const verdictOf = ({ missing, notCalled }: FreeWalk, sameEnd: boolean): WhatIfVerdict => {
  if (missing.length > 0) return 'unanswered';
  if (!sameEnd) return 'other_end';
  return notCalled.length > 0 ? 'other_calls' : 'same_end';
};

function* comparedInSteps(machine: Machine, commits: readonly CommitAt[]): Generator<void, SoFar> {
  const first = commits[0]?.commit;
  if (first?.aggregate !== 'execution') throw new Error('not the log of an execution');
  const candidate = new Candidate(machine, commits);
  const { tenant, aggregate, aggregateId } = first;
  const walked = new WalkedExecution(initialExecution({ tenant, aggregate, aggregateId }), candidate.machineOf);
  for (const logged of commits) {
    const { commit } = logged;
    if (commit.aggregate !== 'execution') throw new Error('not the log of an execution');
    const before = walked.state;
    const pending = commit.commands.map((command) => candidate.pendingOf(command));
    const round = walked.decide(pending);
    const decided = round.logged?.commit.events ?? [];
    // The commits of an execution hold its events.
    const index = differsAt(commit.events, decided as readonly ExecutionEvent[]);
    if (index !== undefined) {
      const refusal = refusalAt(round, commit.commands, index);
      const difference = describeDifference(before, logged, round.logged, { index, refusal });
      decideDeferred(walked, round, pending);
      return { kind: 'differs', difference, walked, started: walked.state.start !== null };
    }
    yield;
  }
  return { kind: 'same', state: walked.state };
}

/** Why the command whose events are missing was not accepted. */
const refusalAt = (
  { outcomes }: WalkedRound,
  commands: readonly RecordedExecutionCommand[],
  index: number,
): string | undefined => {
  let before = 0;
  for (const [i, { events }] of commands.entries()) {
    before += events;
    const outcome = outcomes[i];
    if (index < before)
      return outcome?.kind === 'refused' ? `${outcome.refusal.code}: ${outcome.refusal.message}` : undefined;
  }
  return undefined;
};

/** What the round had no room for any more. */
const decideDeferred = (walked: WalkedExecution, first: WalkedRound, pending: readonly PendingCommand[]): void => {
  let [round, rest] = [first, pending];
  for (;;) {
    const { outcomes } = round;
    rest = rest.filter((_pending, i) => outcomes[i]?.kind === 'deferred');
    if (rest.length === 0) return;
    round = walked.decide(rest);
  }
};
