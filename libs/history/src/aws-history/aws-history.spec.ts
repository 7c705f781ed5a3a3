import {
  currentFrame,
  initialExecution,
  isInExecutionHistory,
  REGION,
  ROLE_ARN,
  walkCommit,
} from '@throughline/execution';
import { exampleMachines, type ExecutionUnderTest, givenMachine } from '@throughline/execution/given-when-then';
import fc from 'fast-check';
import { awsHistory } from './aws-history.ts';

const { RETRYING, RICH, machine, task } = exampleMachines;

const linesOf = (under: ExecutionUnderTest): readonly string[] =>
  awsHistory(under.log).map(({ id, previousEventId, type }) => `${id} ${type} after ${previousEventId}`);

const viewOf = (under: ExecutionUnderTest) => awsHistory(under.log);

/** AWS's cause texts quote ids, which the decider takes from its own count: both must give every event the same one. */
const expectSameIds = (under: ExecutionUnderTest): void => {
  const view = awsHistory(under.log);
  expect(view.map(({ id }) => id)).toEqual(view.map((_event, index) => index + 1));
  expect(view).toHaveLength(under.state.historyEventId);
  let state = initialExecution(under.state.ref);
  for (const [index, logged] of under.log.entries()) {
    state = walkCommit(state, logged, ({ event, after }) => {
      if (event.type !== 'StateEntered' || !isInExecutionHistory(after.frames, event.frame)) return;
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
    expect(viewOf(under).at(-1)).toMatchObject({
      type: 'ExecutionTimedOut',
      previousEventId: 0,
      executionTimedOutEventDetails: { error: 'States.Timeout' },
    });
  });

  it('says which field of a JSONata state could not be evaluated', () => {
    const Output = { sums: ['{% $states.input.absent %}'] };
    const under = givenMachine(machine({ Sum: { Type: 'Pass', Output, End: true } }, { QueryLanguage: 'JSONata' }));
    under.start({});
    expect(viewOf(under).at(-2)).toMatchObject({
      type: 'EvaluationFailed',
      evaluationFailedEventDetails: {
        state: 'Sum',
        location: 'Output/sums[0]',
        error: 'States.QueryEvaluationError',
        cause: expect.stringContaining("specified for the field 'Output/sums[0]' returned nothing") as unknown,
      },
    });
  });

  it('tells a job that failed from one that could not be submitted', () => {
    const job = machine({ Work: { Type: 'Task', Resource: 'arn:aws:states:::batch:submitJob.sync', End: true } });
    const under = givenMachine(job);
    under.start({});
    under.fail('Batch.ServerException', 'try later');
    const named = { resource: 'submitJob.sync', resourceType: 'batch' };
    expect(viewOf(under).at(-2)).toMatchObject({
      type: 'TaskSubmitFailed',
      taskSubmitFailedEventDetails: { ...named, error: 'Batch.ServerException', cause: 'try later' },
    });
    const running = givenMachine(job);
    running.start({});
    running.heartbeat();
    running.fail('States.TaskFailed', 'exit code 1');
    expect(viewOf(running).slice(-3, -1)).toMatchObject([
      { type: 'TaskSubmitted', taskSubmittedEventDetails: named },
      { type: 'TaskFailed', taskFailedEventDetails: { ...named, cause: 'exit code 1' } },
    ]);
  });

  it.each([
    ['', 'TaskFailed'],
    ['.sync', 'TaskSubmitFailed'],
    ['.sync:2', 'TaskSubmitFailed'],
  ])('shows a child that could not be started by startExecution%s as %s', (way, type) => {
    const resource = `arn:aws:states:::states:startExecution${way}`;
    const call = { Type: 'Task', Resource: resource, Parameters: { StateMachineArn: 'nobody' }, End: true };
    const under = givenMachine(machine({ Call: call }));
    under.start({});
    const failure = { error: 'StepFunctions.StateMachineDoesNotExistException', cause: 'nobody' };
    under.when({ type: 'FailChild', body: { token: under.openToken(), ...failure } });
    const details = { ...failure, resourceType: 'states', resource: `startExecution${way}` };
    expect(viewOf(under).at(-2)).toMatchObject({ type, [`t${type.slice(1)}EventDetails`]: details });
  });

  it('says who took an activity', () => {
    const activity = 'arn:aws:states:us-east-1:111111111111:activity:sign';
    const under = givenMachine(machine({ Sign: { Type: 'Task', Resource: activity, InputPath: '$.doc', End: true } }));
    under.start({ doc: 7 });
    under.complete(null);
    expect(viewOf(under).slice(2)).toMatchObject([
      { type: 'ActivityScheduled', activityScheduledEventDetails: { resource: activity, input: '7' } },
      { type: 'ActivityStarted', activityStartedEventDetails: { workerName: 'spec' } },
    ]);
  });

  it('calls a missed heartbeat a timeout', () => {
    const under = givenMachine(machine({ Work: task({ HeartbeatSeconds: 1 }) }));
    under.start({});
    under.fire();
    expect(viewOf(under).slice(-2)).toMatchObject([
      { type: 'TaskTimedOut', taskTimedOutEventDetails: { error: 'States.Timeout' } },
      { type: 'ExecutionFailed', executionFailedEventDetails: { error: 'States.Timeout' } },
    ]);
  });

  it('lets each branch follow itself, and what comes after the branches the last of them', () => {
    const pass = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } });
    const under = givenMachine(
      machine({ Both: { Type: 'Parallel', Branches: [pass('Left'), pass('Right')], End: true } }),
    );
    under.start({});
    expect(linesOf(under)).toEqual([
      '1 ExecutionStarted after 0',
      '2 ParallelStateEntered after 0',
      '3 ParallelStateStarted after 2',
      '4 PassStateEntered after 3',
      '5 PassStateExited after 4',
      '6 PassStateEntered after 3',
      '7 PassStateExited after 6',
      '8 ParallelStateSucceeded after 7',
      // What a fan-out's success follows, its exit follows too.
      '9 ParallelStateExited after 7',
      '10 ExecutionSucceeded after 9',
    ]);
  });

  it('lets a failed Map follow the state that failed, not the end of its iteration', () => {
    const ItemProcessor = { StartAt: 'Stop', States: { Stop: { Type: 'Fail', Error: 'E' } } };
    const under = givenMachine(machine({ Each: { Type: 'Map', ItemProcessor, End: true } }));
    under.start(['item']);
    expect(linesOf(under).slice(3)).toEqual([
      '4 MapIterationStarted after 3',
      '5 FailStateEntered after 4',
      '6 MapIterationFailed after 5',
      '7 MapStateFailed after 5',
      '8 ExecutionFailed after 7',
    ]);
  });

  const distributed = (more: object) =>
    machine({
      Each: {
        Type: 'Map',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Call',
          States: { Call: task() },
        },
        End: true,
        ...more,
      },
    });
  const READER = { ItemReader: { Resource: 'arn:aws:states:::s3:getObject', Parameters: { Bucket: 'b', Key: 'k' } } };

  it('has a Map with an item reader start without items, and says nothing of the reading', () => {
    const under = givenMachine(distributed(READER));
    under.start({});
    expect(linesOf(under).slice(2)).toEqual(['3 MapStateStarted after 2', '4 MapRunStarted after 3']);
    expect(viewOf(under)[2]).toMatchObject({ mapStateStartedEventDetails: { length: 0 } });
    under.complete([1]);
    expect(linesOf(under)).toHaveLength(4);
    under.complete('done');
    expect(linesOf(under).slice(4)).toEqual([
      '5 MapRunSucceeded after 4',
      '6 MapStateSucceeded after 4',
      '7 MapStateExited after 4',
      '8 ExecutionSucceeded after 7',
    ]);
    expectSameIds(under);
  });

  it('lets a Map Run fail whose items cannot be read', () => {
    const under = givenMachine(distributed(READER));
    under.start({});
    under.fail('S3.NoSuchKey', 'no such key');
    expect(linesOf(under).slice(2)).toEqual([
      '3 MapStateStarted after 2',
      '4 MapRunStarted after 3',
      '5 MapRunFailed after 4',
      '6 MapStateFailed after 5',
      '7 ExecutionFailed after 6',
    ]);
    expect(viewOf(under)[4]).toMatchObject({ mapRunFailedEventDetails: { error: 'States.ItemReaderFailed' } });
    expectSameIds(under);
  });

  it('gives each Map Run of a retried Map its own end and its own name', () => {
    const retry = { Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }] };
    const under = givenMachine(distributed(retry));
    under.start([1]);
    under.fail('Broken', 'why');
    under.fire();
    under.fail('Broken', 'why');
    expect(linesOf(under).slice(2)).toEqual([
      '3 MapStateStarted after 2',
      '4 MapRunStarted after 3',
      '5 MapRunFailed after 4',
      '6 MapStateStarted after 5',
      '7 MapRunStarted after 6',
      '8 MapRunFailed after 7',
      '9 MapStateFailed after 8',
      '10 ExecutionFailed after 9',
    ]);
    const names = viewOf(under).flatMap(({ mapRunStartedEventDetails: run }) => (run === undefined ? [] : [run]));
    expect(names).toHaveLength(2);
    expect(names[0]).not.toEqual(names[1]);
    expectSameIds(under);
  });

  it('shows an execution that a fault within a branch ends at once', () => {
    const faulty = { StartAt: 'In', States: { In: { Type: 'Pass', InputPath: '$.absent', End: true } } };
    const under = givenMachine(machine({ Both: { Type: 'Parallel', Branches: [faulty], End: true } }));
    under.start({});
    expect(linesOf(under).slice(2)).toEqual([
      '3 ParallelStateStarted after 2',
      '4 PassStateEntered after 3',
      '5 ExecutionFailed after 4',
    ]);
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
