import { type Json, isTerminal } from '@throughline/contracts';
import { type CommitAt, type ExecutionState, type ResolvedMachine } from '@throughline/execution';
import { resolved } from '@throughline/execution/given-when-then';
import { fold } from '../fold.ts';
import { GOLDEN_SCENARIOS } from '../spec/golden-scenarios.ts';
import { WalkedExecution } from '../walked-execution.ts';
import { endOf, freeWalk, type FreeWalk } from './free-walk.ts';
import { recordedOf } from './recorded-answers.ts';

const LOGS = GOLDEN_SCENARIOS.filter(
  ({ limits, definition, versions }) => !limits && !versions && definition !== undefined,
).flatMap(({ name, play, definition }) => {
  const log = play();
  return log[0]?.commit.aggregate === 'execution'
    ? [{ name, log, machine: resolved(definition as Json) }] // filtered above
    : [];
});

/** As if the paths parted right after a commit. */
const walkedFrom = (log: readonly CommitAt[], commit: number, machine: ResolvedMachine): FreeWalk => {
  const state = fold<ExecutionState>(log, commit);
  if (!state) throw new Error('no such commit');
  const walked = new WalkedExecution(state, () => machine);
  const steps = freeWalk(walked, recordedOf(log), { commit, event: Number.MAX_SAFE_INTEGER });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

const CASES = LOGS.flatMap(({ name, log, machine }) => log.map((_, i) => [name, i + 1, log, machine] as const));

const endIndex = (log: readonly CommitAt[]): number =>
  log.findLastIndex(({ commit }) =>
    commit.events.some(({ type }) => /^Execution(Succeeded|Failed|Cancelled|TimedOut)$/.test(type)),
  );

describe('with the machine that it was decided by, an execution that walks by itself', () => {
  test.each(CASES)('goes on as %s did from commit %i', (_name, commit, log, machine) => {
    const last = fold<ExecutionState>(log);
    if (!last) throw new Error('no state');
    const walk = walkedFrom(log, commit, machine);
    expect(walk.missing).toEqual([]);
    expect(walk.notCalled).toEqual([]);
    expect(walk.end).toEqual(endOf(last));
    // Deliveries after the end are nobody's walk.
    const to = isTerminal(last.status) ? endIndex(log) + 1 : log.length;
    const recorded = log.slice(commit, Math.max(to, commit)).map((logged) => logged.commit.events);
    expect(walk.rounds.slice(0, recorded.length).map((logged) => logged.commit.events)).toEqual(recorded);
  });
});
