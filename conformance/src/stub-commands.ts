import { assertNever, type AttemptToken, type ExecutionCommand, type Instant, type Json } from '@throughline/contracts';
import { canonicalHash } from '@throughline/execution';
import type { ScriptedTask } from './task-script.ts';

/** What a service answers to a submission was not recorded with the outcomes, and is compared by its type only. */
const SUBMISSION: Json = {};

/** What a worker tells the engine about a scripted task, in this order. */
export const commandsOf = (task: ScriptedTask, token: AttemptToken, at: Instant): readonly ExecutionCommand[] => {
  const attempt = { token, startedAt: at, finishedAt: at, worker: 'conformance' };
  return [...submissionOf(task, attempt), ...answerOf(task, attempt)];
};

/** A job's worker says that it runs, and ends the task itself; of a callback or an activity somebody else does. */
const submissionOf = ({ submits }: ScriptedTask, attempt: Attempt): readonly ExecutionCommand[] => {
  switch (submits) {
    case 'no':
      return [];
    case 'job':
      return [{ type: 'RecordHeartbeat', body: { token: attempt.token } }];
    case 'callback':
      return [{ type: 'CompleteStep', body: { ...attempt, ...result(SUBMISSION) } }];
    default:
      return assertNever(submits);
  }
};

const result = (output: Json) => ({ output, outputHash: canonicalHash(output) });

interface Attempt {
  readonly token: AttemptToken;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly worker: string;
}

const answerOf = ({ submits, answer }: ScriptedTask, attempt: Attempt): readonly ExecutionCommand[] => {
  switch (answer.kind) {
    case 'succeed': {
      const { token } = attempt;
      return submits === 'callback'
        ? [{ type: 'CompleteCallback', body: { token, ...result(answer.output) } }]
        : [{ type: 'CompleteStep', body: { ...attempt, ...result(answer.output) } }];
    }
    case 'fail': {
      const failure = {
        ...(answer.error === undefined ? {} : { error: answer.error }),
        ...(answer.cause === undefined ? {} : { cause: answer.cause }),
      };
      return submits === 'callback'
        ? [{ type: 'FailCallback', body: { token: attempt.token, ...failure } }]
        : [{ type: 'FailStep', body: { ...attempt, ...failure } }];
    }
    case 'silent':
      return [];
    default:
      return assertNever(answer);
  }
};
