import { currentFrame, initialExecution, REGION, ROLE_ARN, walkCommit } from '@throughline/execution';
import { exampleMachines, type ExecutionUnderTest, givenMachine } from '@throughline/execution/given-when-then';
import fc from 'fast-check';
import { awsHistory } from './aws-history.ts';

const { RETRYING, RICH, machine, task } = exampleMachines;

const viewOf = (under: ExecutionUnderTest) => awsHistory(under.log);

/** AWS's cause texts quote ids, which the decider takes from its own count: both must give every event the same one. */
const expectSameIds = (under: ExecutionUnderTest): void => {
  const view = awsHistory(under.log);
  expect(view.map(({ id }) => id)).toEqual(view.map((_event, index) => index + 1));
  expect(view).toHaveLength(under.state.historyEventId);
  let state = initialExecution(under.state.ref);
  for (const [index, logged] of under.log.entries()) {
    state = walkCommit(state, logged, ({ event, after }) => {
      if (event.type !== 'StateEntered') return;
      const entered = view[after.historyEventId - 1];
      expect(entered?.type).toMatch(/StateEntered$/);
      expect(currentFrame(after.frames)?.enteredEventId).toBe(entered?.id);
    });
    expect(awsHistory(under.log.slice(0, index + 1))).toHaveLength(state.historyEventId);
  }
};

describe("AWS's view of a history", () => {
  it('has the events, ids and details that GetExecutionHistory gives', () => {
    const definition = machine({
      First: { Type: 'Pass', Result: { n: 1 }, Next: 'Call' },
      Call: {
        ...task({ TimeoutSeconds: 30, HeartbeatSeconds: 10 }),
        Resource: 'arn:aws:states:::http:invoke',
        Parameters: { ApiEndpoint: 'http://127.0.0.1:1/' },
      },
    });
    const under = givenMachine(definition);
    under.start({ a: 1 });
    under.complete('done');
    const timestamp = under.now;
    const data = { truncated: false };
    const named = { resource: 'invoke', resourceType: 'http' };
    const event = (id: number, previousEventId: number, type: string, details: object) => ({
      ...{ id, previousEventId, timestamp, type },
      ...details,
    });
    expect(viewOf(under)).toEqual([
      event(1, 0, 'ExecutionStarted', {
        executionStartedEventDetails: { input: '{"a":1}', inputDetails: data, roleArn: ROLE_ARN },
      }),
      event(2, 0, 'PassStateEntered', {
        stateEnteredEventDetails: { name: 'First', input: '{"a":1}', inputDetails: data },
      }),
      event(3, 2, 'PassStateExited', {
        stateExitedEventDetails: { name: 'First', output: '{"n":1}', outputDetails: data },
      }),
      event(4, 3, 'TaskStateEntered', {
        stateEnteredEventDetails: { name: 'Call', input: '{"n":1}', inputDetails: data },
      }),
      event(5, 4, 'TaskScheduled', {
        taskScheduledEventDetails: {
          ...named,
          region: REGION,
          parameters: '{"ApiEndpoint":"http://127.0.0.1:1/"}',
          timeoutInSeconds: 30,
          heartbeatInSeconds: 10,
        },
      }),
      event(6, 5, 'TaskStarted', { taskStartedEventDetails: named }),
      event(7, 6, 'TaskSucceeded', {
        taskSucceededEventDetails: { ...named, output: '"done"', outputDetails: data },
      }),
      event(8, 7, 'TaskStateExited', {
        stateExitedEventDetails: { name: 'Call', output: '"done"', outputDetails: data },
      }),
      event(9, 8, 'ExecutionSucceeded', { executionSucceededEventDetails: { output: '"done"', outputDetails: data } }),
    ]);
  });

  it('shows each attempt of a retried task, and nothing of the waits between', () => {
    const under = givenMachine(RETRYING);
    under.start({});
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      under.fail('Busy', 'try again');
      if (attempt < 3) under.fire();
    }
    const attempt = ['TaskScheduled', 'TaskStarted', 'TaskFailed'];
    expect(viewOf(under).map(({ type }) => type)).toEqual([
      ...['ExecutionStarted', 'TaskStateEntered', ...attempt, ...attempt, ...attempt, 'TaskStateExited'],
      ...['PassStateEntered', 'PassStateExited', 'ExecutionSucceeded'],
    ]);
  });

  it('shows a timeout without a cause', () => {
    const definition = machine({ Work: task({ TimeoutSeconds: 1 }) });
    const under = givenMachine(definition);
    under.start({});
    under.fire();
    const [timedOut, failed] = viewOf(under).slice(-2);
    expect(timedOut).toMatchObject({ type: 'TaskTimedOut', taskTimedOutEventDetails: { error: 'States.Timeout' } });
    expect(failed?.executionFailedEventDetails).toEqual({ error: 'States.Timeout' });
  });

  it('shows a cancelled execution as an aborted one, and a task that was under way as nothing', () => {
    const definition = machine({ Work: task() });
    const under = givenMachine(definition);
    under.start({});
    under.cancel();
    expect(
      viewOf(under)
        .slice(-2)
        .map(({ type }) => type),
    ).toEqual(['TaskStarted', 'ExecutionAborted']);
  });

  it('shows an execution that ran out of time', () => {
    const definition = machine({ Work: task() }, { TimeoutSeconds: 1 });
    const under = givenMachine(definition);
    under.start({});
    under.fire();
    expect(viewOf(under).at(-1)).toMatchObject({ type: 'ExecutionTimedOut', previousEventId: 0 });
  });

  it('gives every event the id that the state counts, whatever happens', () => {
    const happenings = ['complete', 'fail', 'fire', 'heartbeat', 'cancel'] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...happenings), { maxLength: 25 }), (played) => {
        const under = givenMachine(RICH);
        under.start({ id: 'A-1' });
        for (const happening of played) {
          if (under.state.end !== null) break;
          const waits = under.state.attempts.size === 0;
          if (happening === 'fire') under.fire();
          else if (happening === 'cancel') under.cancel();
          else if (waits) continue;
          else if (happening === 'complete') under.complete({ more: true });
          else if (happening === 'heartbeat') under.heartbeat();
          else under.fail('Busy');
        }
        expectSameIds(under);
      }),
      { numRuns: 60 },
    );
  });
});
