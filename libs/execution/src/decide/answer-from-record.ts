import { type AnswerFromRecord, assertNever } from '@throughline/contracts';
import type { Env, ExecutionCommandRecord } from '../decider.ts';
import type { ExecutionState, OpenAttempt } from '../execution-state.ts';
import { advance } from './advance.ts';
import { awaitedAttempt } from './awaited-attempt.ts';
import { begin } from './begin.ts';
import { failExecution } from './close.ts';
import { completed } from './complete-step.ts';
import type { ExecutionDecision } from './execution-decision.ts';
import { failed } from './fail-step.ts';
import { timedOut } from './fire-timer.ts';
import { Run } from './run.ts';

type AnswerRecord = Extract<ExecutionCommandRecord, { type: 'AnswerFromRecord' }>;

/** Nothing retries or catches it: what comes after would be made up. */
export const NO_RECORDED_ANSWER = 'Throughline.NoRecordedAnswer';

/** The record of the original says how the attempt went, or that it does not know. */
export const answerFromRecord = (state: ExecutionState, command: AnswerRecord, env: Env): ExecutionDecision => {
  const { body } = command;
  const found = awaitedAttempt(state, command);
  if (!found.ok) return found.refusal;
  const { attempt } = found;
  const run = new Run(state, command, env);
  switch (body.how) {
    case 'succeeded':
      return completed(run, attempt, body.output);
    case 'failed': {
      const { error, cause } = body;
      const failure = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
      return failed(run, attempt, failure);
    }
    case 'timed-out':
      timedOut(run, attempt, body.kind);
      advance(run);
      return run.accepted();
    case 'not-at-all':
      return unanswered(run, attempt, body);
    default:
      return assertNever(body);
  }
};

const WHY = {
  'never-called': 'the original made no such call',
  'another-request': 'the original called it with another request',
  'no-answer': 'the original had no answer to it',
} as const;

const unanswered = (
  run: Run,
  attempt: OpenAttempt,
  { why }: Extract<AnswerFromRecord, { how: 'not-at-all' }>,
): ExecutionDecision => {
  const rule = run.state.derived?.unanswered ?? 'fail';
  const { token, state, frame } = attempt;
  if (rule === 'fail') {
    failExecution(run, {
      error: NO_RECORDED_ANSWER,
      cause: `step '${state}', attempt ${attempt.attempt}: ${WHY[why]}`,
    });
    return run.accepted();
  }
  run.emit({ type: 'StepReleased', token });
  // What else waits for the record gets its answers from there, or is released in its turn.
  if (rule === 'review' && run.mayStartWork()) run.emit({ type: 'ReviewRequested', frame, state });
  // What the machine asks to be agreed to is asked before anything is done outside.
  else if (run.mayStartWork()) begin(run);
  return run.accepted();
};
