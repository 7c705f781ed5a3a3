import type { EffectClass, ExecutionEvent, Json } from '@throughline/contracts';
import {
  type CommitAt,
  effectClassOf,
  type ExecutionState,
  frameOf,
  outputLeft,
  stepFailure,
  stepOutput,
  type WalkedEvent,
} from '@throughline/execution';
import { stepOfEvent, type Visit, visitKey } from '../step-of-event.ts';
import { walkHistory } from '../walk-history.ts';
import { askedBy } from './attempt-place.ts';

export interface RecordedVisit extends Visit {
  /** The commit that first says anything of it. */
  readonly commit: number;
  /** Absent where the visit had begun before what is looked at. */
  input?: Json;
  output?: Json;
  readonly attempts: Map<number, VisitAttempt>;
}

interface VisitAttempt {
  readonly request: Json;
  /** The same for equal requests, whichever task token goes with them. */
  readonly asked: string;
  effectClass: EffectClass;
  /** Absent: open, or cut short. */
  outcome?: Json;
}

/** What an execution did after a commit, visit by visit, in the order of their first events. */
export const recordedVisits = (commits: readonly CommitAt[], after = 0): ReadonlyMap<string, RecordedVisit> => {
  const visits = new Map<string, RecordedVisit>();
  walkHistory(commits, (walked, { commit: { version } }) => {
    const of = version > after && SHOWN.has(walked.event.type) ? stepOfEvent(walked) : undefined;
    if (!of) return;
    const key = visitKey(of);
    const visit = visits.get(key) ?? { ...of, commit: version, attempts: new Map() };
    visits.set(key, visit);
    see(visit, walked, version);
  });
  return visits;
};

const SHOWN: ReadonlySet<string> = new Set([
  'StateEntered',
  'StateExited',
  'StepScheduled',
  'StepSucceeded',
  'StepFailed',
  'StepTimedOut',
] satisfies ExecutionEvent['type'][]);

const see = (visit: RecordedVisit, walked: WalkedEvent<ExecutionState>, version: number): void => {
  const { event, command, before, after, index } = walked;
  switch (event.type) {
    case 'StateEntered':
      visit.input = frameOf(after.frames, event.frame).data;
      return;
    case 'StateExited': {
      const output = outputLeft(after.frames, frameOf(before.frames, event.frame));
      if (output !== undefined) visit.output = output;
      return;
    }
    case 'StepScheduled': {
      const attempt = after.attempts.get(`${version}.${index}`);
      if (!attempt) return;
      const { input: request, effectClass } = attempt;
      visit.attempts.set(attempt.attempt, { request, effectClass, asked: askedBy(after, attempt) });
      return;
    }
    case 'StepSucceeded':
    case 'StepFailed':
    case 'StepTimedOut': {
      const open = before.attempts.get(event.token);
      const attempt = open && visit.attempts.get(open.attempt);
      if (!attempt) return;
      if (event.type === 'StepTimedOut') {
        attempt.outcome = { timedOut: event.kind };
        return;
      }
      attempt.effectClass = effectClassOf(open, event, command);
      attempt.outcome =
        event.type === 'StepSucceeded' ? { output: stepOutput(event, command) ?? null } : failureOf(event, command);
      return;
    }
    default:
      return;
  }
};

const failureOf = (...said: Parameters<typeof stepFailure>): Json => {
  const { error = null, cause = null } = stepFailure(...said);
  return { error, cause };
};
