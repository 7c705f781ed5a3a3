import { assertNever, type AttemptToken, type ExecutionCommand, type Instant, type Json } from '@throughline/contracts';
import { canonicalHash } from '@throughline/execution';
import type { ScriptedTask } from './task-script.ts';

/** What a service answers to a submission was not recorded with the outcomes, and is compared by its type only. */
const SUBMISSION: Json = {};

/** What a worker tells the engine about a scripted task, in this order. */
export const commandsOf = (task: ScriptedTask, token: AttemptToken, at: Instant): readonly ExecutionCommand[] => {
  const attempt = { token, startedAt: at, finishedAt: at, worker: 'conformance' };
  const { submits } = task;
  const submission: ExecutionCommand = { type: 'CompleteStep', body: { ...attempt, ...result(SUBMISSION) } };
  return [...(submits ? [submission] : []), ...answerOf(task, attempt)];
};

const result = (output: Json) => ({ output, outputHash: canonicalHash(output) });

const answerOf = (
  { submits, answer }: ScriptedTask,
  attempt: { readonly token: AttemptToken; readonly startedAt: Instant; readonly finishedAt: Instant; worker: string },
): readonly ExecutionCommand[] => {
  switch (answer.kind) {
    case 'succeed': {
      const { token } = attempt;
      return submits
        ? [{ type: 'CompleteCallback', body: { token, ...result(answer.output) } }]
        : [{ type: 'CompleteStep', body: { ...attempt, ...result(answer.output) } }];
    }
    case 'fail': {
      const failure = {
        ...(answer.error === undefined ? {} : { error: answer.error }),
        ...(answer.cause === undefined ? {} : { cause: answer.cause }),
      };
      return submits
        ? [{ type: 'FailCallback', body: { token: attempt.token, ...failure } }]
        : [{ type: 'FailStep', body: { ...attempt, ...failure } }];
    }
    case 'silent':
      return [];
    default:
      return assertNever(answer);
  }
};
