import type { Json } from '@throughline/contracts';
import { canonicalHash, type CommitAt, stateToJson } from '@throughline/execution';
import {
  exampleMachines,
  ExecutionUnderTest,
  givenMachine,
  resolved,
  START_AT,
} from '@throughline/execution/given-when-then';

const { machine, task } = exampleMachines;

export const FORKED: Json = machine({ Ask: task({ Next: 'Act' }), Act: task({ Next: 'Tell' }), Tell: task() });

/** Goes on from its original's second commit: one answer of the record, then a review, then for real. */
export const forkOfTwoSteps = (): readonly CommitAt[] => {
  const original = givenMachine(FORKED, { id: 'order-1' });
  original.start({ id: 7 });
  original.complete({ order: 1 });
  const { frames = null } = stateToJson(original.state);
  const { statesLeft, historyEventId, version: at } = original.state;
  const fork = new ExecutionUnderTest(resolved(FORKED), { id: 'order-1-fork' });
  fork.start({ id: 7 }, undefined, {
    trigger: 'fork',
    origin: {
      executionId: 'order-1' as never,
      at,
      name: 'order-1',
      startedAt: START_AT,
      answeredBy: { pure: 'record', idempotent: 'record', external: 'record' },
      unanswered: 'review',
      base: { frames, statesLeft: [...statesLeft.keys()], historyEventId },
    },
  });
  const token = () => fork.openToken();
  const answer = { output: 'acted', outputHash: canonicalHash('acted') };
  fork.when({
    type: 'AnswerFromRecord',
    body: { how: 'succeeded', token: token(), source: '2.3' as never, ...answer },
  });
  fork.when({ type: 'AnswerFromRecord', body: { how: 'not-at-all', token: token(), why: 'no-answer' } });
  fork.control('ResumeExecution');
  fork.complete('told');
  return fork.log;
};
