import { recordedCaseSchema } from './recorded-case.ts';
import { tasksByState, taskScript } from './task-script.ts';

const LAMBDA = 'arn:aws:states:::lambda:invoke';
const SNS = 'arn:aws:states:::sns:publish';
const task = (Resource: string) => ({ Type: 'Task', Resource, End: true });
const of = (type: string, resource: string, more: object = {}) => {
  const [service, api] = resource.split(':').slice(-2);
  return { type, resource: api, resourceType: service, ...more };
};
const recorded = (definition: unknown, taskOutcomes: readonly unknown[], events: readonly unknown[]) =>
  recordedCaseSchema.parse({
    id: 'c1',
    name: 'a case',
    source: 's',
    definition,
    input: {},
    taskOutcomes,
    expected: { status: 'SUCCEEDED', events },
  });
const entered = (name: string) => ({ type: 'TaskStateEntered', name });
const [SCHEDULED, STARTED] = [{ type: 'TaskScheduled' }, { type: 'TaskStarted' }];

describe('an outcome', () => {
  it('goes to the state whose task was answered, retries included', () => {
    const script = taskScript(
      recorded(
        { StartAt: 'A', States: { A: task(LAMBDA), B: task(LAMBDA) } },
        [
          of('TaskFailed', LAMBDA, { error: 'Busy', cause: { b: 1, a: 2 } }),
          of('TaskSucceeded', LAMBDA, { output: { n: 1 } }),
          of('TaskSucceeded', LAMBDA, { output: '"text"' }),
        ],
        [
          ...[entered('A'), SCHEDULED, STARTED, { type: 'TaskFailed' }, SCHEDULED, STARTED, { type: 'TaskSucceeded' }],
          ...[{ type: 'TaskStateExited', name: 'A' }, entered('B'), SCHEDULED, STARTED, { type: 'TaskSucceeded' }],
        ],
      ),
    );
    expect(script.next('B', LAMBDA).answer).toEqual({ kind: 'succeed', output: 'text' });
    expect(script.next('A', LAMBDA).answer).toEqual({ kind: 'fail', error: 'Busy', cause: '{"b":1,"a":2}' });
    expect(script.next('A', LAMBDA).answer).toEqual({ kind: 'succeed', output: { n: 1 } });
    // More tasks than were recorded.
    expect(script.next('A', LAMBDA).answer).toMatchObject({ kind: 'fail', error: 'NotRecorded' });
  });

  it('of parallel branches goes to the one whose resource it names', () => {
    const found = tasksByState(
      recorded(
        {
          StartAt: 'P',
          States: {
            P: {
              Type: 'Parallel',
              Branches: [
                { StartAt: 'A', States: { A: task(LAMBDA) } },
                { StartAt: 'B', States: { B: task(SNS) } },
              ],
            },
          },
        },
        [of('TaskSucceeded', SNS, { output: 'b' }), of('TaskSucceeded', LAMBDA, { output: 'a' })],
        [entered('A'), entered('B'), SCHEDULED, SCHEDULED, { type: 'TaskSucceeded' }, { type: 'TaskSucceeded' }],
      ),
    );
    expect(found.get('A')?.outcomes).toMatchObject([{ output: 'a' }]);
    expect(found.get('B')?.outcomes).toMatchObject([{ output: 'b' }]);
  });

  it('of branches that ask the same service goes to the one that left with it', () => {
    const found = tasksByState(
      recorded(
        { StartAt: 'A', States: { A: task(SNS), B: task(SNS) } },
        [of('TaskSucceeded', SNS, { output: '{"for":"b"}' }), of('TaskSucceeded', SNS, { output: '{"for":"a"}' })],
        [
          ...[entered('A'), entered('B'), SCHEDULED, SCHEDULED, { type: 'TaskSucceeded' }, { type: 'TaskSucceeded' }],
          { type: 'TaskStateExited', name: 'A', output: { answer: { for: 'a' } } },
          { type: 'TaskStateExited', name: 'B', output: { answer: { for: 'b' } } },
        ],
      ),
    );
    expect(found.get('A')?.outcomes).toMatchObject([{ output: '{"for":"a"}' }]);
    expect(found.get('B')?.outcomes).toMatchObject([{ output: '{"for":"b"}' }]);
  });

  it('that no event shows goes to the only state with its resource', () => {
    const each = { Type: 'Map', ItemProcessor: { StartAt: 'A', States: { A: task(SNS) } } };
    const definition = { StartAt: 'Each', States: { Each: each } };
    const found = tasksByState(recorded(definition, [of('TaskSucceeded', SNS)], [{ type: 'MapRunStarted' }]));
    expect(found.get('A')?.outcomes).toHaveLength(1);
  });

  it('that timed out is silence', () => {
    const script = taskScript(
      recorded(
        { StartAt: 'A', States: { A: task(LAMBDA) } },
        [of('TaskTimedOut', LAMBDA, { error: 'States.Timeout' })],
        [entered('A'), SCHEDULED, { type: 'TaskTimedOut' }],
      ),
    );
    expect(script.next('A', LAMBDA).answer).toEqual({ kind: 'silent' });
  });

  it('of a failure without error and cause has neither', () => {
    const script = taskScript(
      recorded(
        { StartAt: 'A', States: { A: task(LAMBDA) } },
        [of('TaskFailed', LAMBDA)],
        [entered('A'), SCHEDULED, { type: 'TaskFailed' }],
      ),
    );
    expect(script.next('A', LAMBDA).answer).toEqual({ kind: 'fail', error: undefined, cause: undefined });
  });

  it('follows a submission where one was recorded', () => {
    const callback = 'arn:aws:states:::sqs:sendMessage.waitForTaskToken';
    const recordedTask = (...events: readonly object[]) =>
      taskScript(
        recorded(
          { StartAt: 'A', States: { A: task(callback) } },
          [of('TaskFailed', callback, { error: 'E' })],
          [entered('A'), SCHEDULED, STARTED, ...events],
        ),
      ).next('A', callback);
    const failed = { kind: 'fail', error: 'E', cause: undefined };
    expect(recordedTask({ type: 'TaskSubmitted' }, { type: 'TaskFailed' })).toEqual({
      submits: 'callback',
      answer: failed,
    });
    expect(recordedTask({ type: 'TaskSubmitFailed' })).toEqual({ submits: 'no', answer: failed });
  });

  it('that was not recorded at all is silence, after the submission that a callback needs', () => {
    const script = taskScript(recorded({ StartAt: 'A', States: { A: task(LAMBDA) } }, [], []));
    const silent = { kind: 'silent' };
    expect(script.next('A', LAMBDA)).toEqual({ submits: 'no', answer: silent });
    expect(script.next('A', `${LAMBDA}.waitForTaskToken`)).toEqual({ submits: 'callback', answer: silent });
    expect(script.next('A', 'arn:aws:states:::ecs:runTask.sync')).toEqual({ submits: 'job', answer: silent });
  });
});
