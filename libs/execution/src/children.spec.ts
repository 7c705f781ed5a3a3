import type { Json, JsonObject } from '@throughline/contracts';
import { effectsOf } from './effects.ts';
import { armedTimers, initialExecution } from './execution-state.ts';
import { canonicalHash } from './hashes.ts';
import { machine, ONE_TASK, task } from './spec/example-machines.ts';
import { Family, openToken } from './spec/family.ts';
import { foldCommit } from './walk.ts';

const START = 'arn:aws:states:::states:startExecution';
const arn = (name: string): string => `arn:aws:states:us-east-1:111111111111:stateMachine:${name}`;

/** The state's input as the child's, unless something else is said; null leaves a field out. */
const parametersWith = (parameters: JsonObject): JsonObject => {
  const all: JsonObject = {
    StateMachineArn: arn('child'),
    ...('Input' in parameters ? {} : { 'Input.$': '$' }),
    ...parameters,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
};

const parent = (way: string, parameters: JsonObject = {}, extra: JsonObject = {}): Json =>
  machine({
    Call: {
      Type: 'Task',
      Resource: `${START}${way}`,
      Parameters: parametersWith(parameters),
      ...('Next' in extra ? {} : { End: true }),
      ...extra,
    },
    ...('Catch' in extra ? { Caught: { Type: 'Pass', End: true } } : {}),
  });
const CATCH = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] };
const DOUBLE = machine({
  Answer: { Type: 'Pass', Parameters: { 'got.$': '$', name: 'x' }, End: true },
});
const FAILING = machine({ Fail: { Type: 'Fail', Error: 'NoStock', Cause: 'sold out' } });

const given = (way: string, child: Json, parameters: JsonObject = {}, extra: JsonObject = {}): Family => {
  const family = new Family({ parent: parent(way, parameters, extra), child });
  family.start('p', 'parent', { n: 1 });
  return family;
};
const times = { StartDate: Date.parse('2026-01-31T12:00:00.000Z') };
const typesOf = (family: Family, id: string): readonly string[] =>
  (family.logs.get(id) ?? []).flatMap(({ commit }) => commit.events.map(({ type }) => type as string));
const childArn = (family: Family, name: string = family.onlyChild().ref.aggregateId): string =>
  `arn:aws:states:us-east-1:111111111111:execution:child:${name}`;
const causeOf = (family: Family): JsonObject => JSON.parse(family.state('p').end?.cause ?? '') as JsonObject;

describe('a step that starts a child', () => {
  test('goes on as soon as the child has started', () => {
    const family = given('', ONE_TASK);
    family.deliverAll();
    const { end } = family.state('p');
    expect(end?.output).toEqual({ ExecutionArn: childArn(family), ...times });
    expect(family.onlyChild().status).toBe('running');
    expect(typesOf(family, 'p')).not.toContain('StepSubmitted');
  });

  test("hands on its lineage, and the child's trigger says what it is", () => {
    const family = given('', ONE_TASK);
    family.deliverAll();
    expect(family.onlyChild().start).toMatchObject({
      trigger: 'child',
      parentExecutionId: 'p',
      rootExecutionId: 'p',
      generation: 1,
      input: { n: 1 },
    });
    expect(family.onlyChild().correlationId).toBe('p');
  });

  test('waits for its end with .sync, and gets input and output as JSON text', () => {
    const family = given('.sync', DOUBLE);
    family.deliverAll();
    const child = family.onlyChild();
    const output = { got: { n: 1 }, name: 'x' };
    expect(family.state('p').end?.output).toEqual({
      ExecutionArn: childArn(family),
      Input: '{"n":1}',
      InputDetails: { Included: true },
      Name: child.ref.aggregateId,
      Output: JSON.stringify(output),
      OutputDetails: { Included: true },
      RedriveCount: 0,
      RedriveStatus: 'NOT_REDRIVABLE',
      RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
      ...times,
      StateMachineArn: arn('child'),
      Status: 'SUCCEEDED',
      StopDate: times.StartDate,
    });
    expect(child.end?.output).toEqual(output);
  });

  test('gets them as JSON with .sync:2', () => {
    const family = given('.sync:2', DOUBLE);
    family.deliverAll();
    expect(family.state('p').end?.output).toMatchObject({ Input: { n: 1 }, Output: { got: { n: 1 }, name: 'x' } });
  });

  test('is submitted once, whether the start of the child was heard before its end or with it', () => {
    const atOnce = given('.sync', DOUBLE);
    atOnce.deliverAll();
    const later = given('.sync', ONE_TASK);
    later.deliverAll();
    const child = later.onlyChild();
    const token = openToken(child);
    const body = { token, output: 1, outputHash: canonicalHash(1), startedAt: later.now, finishedAt: later.now };
    later.tell(child.ref.aggregateId, { type: 'CompleteStep', body: { ...body, worker: 'spec' } });
    later.deliverAll();
    const submissions = (family: Family) => typesOf(family, 'p').filter((type) => /^Step/.test(type));
    expect(submissions(atOnce)).toEqual(['StepScheduled', 'StepSubmitted', 'StepSucceeded']);
    expect(submissions(later)).toEqual(['StepScheduled', 'StepSubmitted', 'StepSucceeded']);
  });

  test('fails with States.TaskFailed where the child fails, and the cause describes the child', () => {
    const family = given('.sync:2', FAILING);
    family.deliverAll();
    expect(family.state('p').end?.error).toBe('States.TaskFailed');
    expect(causeOf(family)).toEqual({
      Cause: 'sold out',
      Error: 'NoStock',
      ExecutionArn: childArn(family),
      Input: '{"n":1}',
      InputDetails: { Included: true },
      Name: family.onlyChild().ref.aggregateId,
      RedriveCount: 0,
      RedriveStatus: 'REDRIVABLE',
      ...times,
      StateMachineArn: arn('child'),
      Status: 'FAILED',
      StopDate: times.StartDate,
    });
    expect(Object.keys(causeOf(family))).toEqual([...Object.keys(causeOf(family))].sort());
  });

  test('leaves out of the cause what would make it too long', () => {
    const family = new Family({
      parent: parent('.sync'),
      child: machine({ Fail: { Type: 'Fail', Error: 'E', CausePath: '$.why' } }),
    });
    family.start('p', 'parent', { why: '"'.repeat(40_000) });
    family.deliverAll();
    const text = family.state('p').end?.cause ?? '';
    expect(text.length).toBeLessThanOrEqual(32_768);
    expect(causeOf(family)).toMatchObject({ InputDetails: { Included: false }, Status: 'FAILED' });
  });

  test('sees a child that was cancelled, and one that timed out', () => {
    const cancelled = given('.sync', ONE_TASK);
    cancelled.deliverAll();
    cancelled.tell(cancelled.onlyChild().ref.aggregateId, { type: 'CancelExecution', body: {} });
    cancelled.deliverAll();
    expect(causeOf(cancelled)).toMatchObject({ Status: 'ABORTED' });
    const late = given('.sync', machine({ Work: task() }, { TimeoutSeconds: 1 }));
    late.deliverAll();
    const [timer] = armedTimers(late.onlyChild());
    late.now = timer?.dueAt ?? late.now;
    late.tell(late.onlyChild().ref.aggregateId, { type: 'FireTimer', body: { timer: timer?.id } });
    late.deliverAll();
    expect(causeOf(late)).toMatchObject({ Status: 'TIMED_OUT' });
  });

  test('is written in JSONata as well', () => {
    const family = new Family({
      parent: machine(
        {
          Call: {
            Type: 'Task',
            Resource: `${START}.sync:2`,
            Arguments: { StateMachineArn: arn('child'), Input: { twice: '{% $states.input.n * 2 %}' } },
            Output: '{% $states.result.Output.got.twice %}',
            End: true,
          },
        },
        { QueryLanguage: 'JSONata' },
      ),
      child: DOUBLE,
    });
    family.start('p', 'parent', { n: 21 });
    family.deliverAll();
    expect(family.state('p').end?.output).toBe(42);
  });

  test('ends by a callback of whoever the child hands the token to', () => {
    const family = given('.waitForTaskToken', ONE_TASK, { 'Input.$': '$$.Task.Token' });
    // A token is no JSON text, so as an input it is written as an object.
    expect(family.deliver()?.kind).toBe('accepted');
    family.deliverAll();
    expect(family.state('p').end?.error).toBe('StepFunctions.InvalidExecutionInputException');
    const asked = given('.waitForTaskToken', DOUBLE, { Input: { 'token.$': '$$.Task.Token' } });
    const [start] = asked.sent;
    expect(start?.command).toMatchObject({
      body: { input: { token: expect.stringMatching(/^tl-task-token:default:p:/) } },
    });
    asked.deliverAll();
    expect(asked.onlyChild().status).toBe('succeeded');
    const token = openToken(asked.state('p'));
    asked.tell('p', { type: 'CompleteCallback', body: { token, output: 'yes', outputHash: canonicalHash('yes') } });
    expect(asked.state('p').end?.output).toBe('yes');
  });
});

describe('what a child is started with', () => {
  const inputOf = (parameters: JsonObject): Json | undefined => {
    const family = given('', ONE_TASK, parameters);
    family.deliverAll();
    return family.children()[0]?.start?.input;
  };

  test('an empty object where nothing is said, JSON text read, and all else as it is', () => {
    const none = new Family({ parent: parent('', { Input: null }), child: ONE_TASK });
    none.start('p', 'parent');
    none.deliverAll();
    expect(none.onlyChild().start?.input).toEqual({});
    expect(inputOf({ 'Input.$': 'States.JsonToString($)' })).toEqual({ n: 1 });
    expect(inputOf({ 'Input.$': '$.n' })).toBe(1);
  });

  test('a name is its name to AWS, and one name of one workflow is one execution', () => {
    const family = given('.sync', ONE_TASK, { Name: 'monthly report (März)' });
    family.deliverAll();
    expect(family.state('p').end).toMatchObject({ error: 'StepFunctions.InvalidNameException' });
    const named = given(
      '.sync',
      machine({ Say: { Type: 'Pass', Parameters: { 'name.$': '$$.Execution.Name' }, End: true } }),
      {
        Name: 'März.1',
      },
    );
    named.deliverAll();
    expect(named.state('p').end?.output).toMatchObject({ Name: 'März.1', Output: '{"name":"März.1"}' });
    named.start('q', 'parent', { n: 1 });
    named.deliverAll();
    expect(named.state('q').end).toMatchObject({
      error: 'StepFunctions.ExecutionAlreadyExistsException',
      cause: expect.stringContaining(`Execution Already Exists: '${childArn(named, 'März.1')}'`),
    });
    expect(named.children()).toHaveLength(1);
  });

  test("a parent may give its own name on, which is no other's id", () => {
    const family = given('.sync', DOUBLE, { 'Name.$': '$$.Execution.Name' });
    family.deliverAll();
    expect(family.state('p').end?.output).toMatchObject({ Name: 'p', Status: 'SUCCEEDED' });
  });

  test.each([
    ['an unknown workflow', { StateMachineArn: arn('nobody') }, 'StateMachineDoesNotExist'],
    ['an unknown alias', { StateMachineArn: `${arn('child')}:live` }, 'InvalidArn'],
    ['another ARN', { StateMachineArn: 'arn:aws:s3:::bucket' }, 'InvalidArn'],
    ['text that is no JSON', { Input: 'hello' }, 'InvalidExecutionInput'],
    ['a number that is none', { Input: '1e999' }, 'InvalidExecutionInput'],
    ['what is nested too deeply', { Input: '['.repeat(300) + ']'.repeat(300) }, 'InvalidExecutionInput'],
  ])('%s fails the step by a name that can be caught', (_what, parameters, code) => {
    const family = new Family({ parent: parent('.sync', parameters, CATCH), child: ONE_TASK });
    family.start('p', 'parent');
    family.deliverAll();
    expect(family.state('p').end?.output).toMatchObject({ Error: `StepFunctions.${code}Exception` });
    expect(family.children()).toEqual([]);
  });

  test.each([
    ['no StateMachineArn', { StateMachineArn: null }, 'The field "StateMachineArn" is required but was missing'],
    ['a field that AWS does not know', { Wait: true }, 'The field "Wait" is not supported by Step Functions'],
    ['a name that is no text', { Name: {} }, "The value for the field 'Name' must be a STRING"],
  ])('%s fails the execution before anything is scheduled', (_what, parameters, why) => {
    const family = given('', ONE_TASK, parameters, CATCH);
    expect(family.state('p').end).toMatchObject({ error: 'States.Runtime', cause: expect.stringContaining(why) });
    expect(typesOf(family, 'p')).not.toContain('StepScheduled');
  });
});

describe('a workflow that starts itself', () => {
  const family = new Family({ parent: parent('.sync', { StateMachineArn: arn('parent') }) });
  family.start('p', 'parent');
  family.deliverAll();

  test('comes to an end at generation 20, and each parent hears why', () => {
    expect(family.children()).toHaveLength(20);
    expect(Math.max(...family.children().map(({ start }) => start?.generation ?? 0))).toBe(20);
    const last = family.children().find(({ start }) => start?.generation === 20);
    expect(last?.end).toMatchObject({
      error: 'StepFunctions.ExecutionLimitExceededException',
      cause: expect.stringContaining('TL0113'),
    });
    expect(family.state('p').end?.error).toBe('States.TaskFailed');
  });

  test('has one root and one correlation id in every generation', () => {
    for (const { start, correlationId } of family.children()) {
      expect([start?.rootExecutionId, correlationId]).toEqual(['p', 'p']);
    }
  });
});

test('an execution that names itself as an ancestor is refused', () => {
  const family = new Family({ parent: ONE_TASK });
  const start = { workflow: 'parent', input: {}, trigger: 'child' };
  const told = (body: object) => family.tell('p', { type: 'StartExecution', body: { ...start, ...body } });
  expect(told({ parentExecutionId: 'p' })).toMatchObject({ refusal: { code: 'TL0114' } });
  expect(told({ parentExecutionId: 'q', rootExecutionId: 'p' })).toMatchObject({ refusal: { code: 'TL0114' } });
});

describe('a step that is cut short', () => {
  const running = (way: string, extra: JsonObject = {}): Family => {
    const family = given(way, ONE_TASK, {}, extra);
    family.deliverAll();
    return family;
  };
  const timeOut = (family: Family): void => {
    const [timer] = armedTimers(family.state('p'));
    family.now = timer?.dueAt ?? family.now;
    family.tell('p', { type: 'FireTimer', body: { timer: timer?.id } });
  };

  test.each(['.sync', '.sync:2'])('by a cancel stops the child that it waits for (%s)', (way) => {
    const family = running(way);
    family.tell('p', { type: 'CancelExecution', body: {} });
    family.deliverAll();
    expect(family.onlyChild().status).toBe('cancelled');
  });

  test.each(['', '.waitForTaskToken'])('leaves a child alone that it does not wait for (%s)', (way) => {
    const family = running(way);
    family.tell('p', { type: 'CancelExecution', body: {} });
    family.deliverAll();
    expect(family.onlyChild().status).toBe('running');
  });

  test('by its timeout stops the child; the retry starts another one', () => {
    const family = running('.sync', {
      TimeoutSeconds: 5,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 1 }],
    });
    timeOut(family);
    family.deliverAll();
    expect(family.onlyChild().status).toBe('cancelled');
    timeOut(family);
    family.deliverAll();
    expect(family.children().map(({ status }) => status)).toEqual(['cancelled', 'running']);
  });

  test('stops the child too where its start comes after all else', () => {
    const family = given('.sync', ONE_TASK);
    const start = family.sent.splice(0);
    family.tell('p', { type: 'CancelExecution', body: {} });
    family.deliverAll();
    expect(family.children()).toEqual([]);
    family.sent.push(...start);
    family.deliverAll();
    expect(family.onlyChild().status).toBe('cancelled');
  });

  test('by a branch beside it stops the child', () => {
    const family = new Family({
      parent: machine({
        Both: {
          Type: 'Parallel',
          Branches: [parent('.sync'), machine({ Work: task() })],
          End: true,
        },
      }),
      child: ONE_TASK,
    });
    family.start('p', 'parent');
    family.deliverAll();
    const work = [...family.state('p').attempts.values()].find(({ state }) => state === 'Work');
    const failure = { error: 'E', startedAt: family.now, finishedAt: family.now, worker: 'spec' };
    family.tell('p', { type: 'FailStep', body: { token: work?.token, ...failure } });
    family.deliverAll();
    expect(family.onlyChild().status).toBe('cancelled');
  });
});

describe('messages between parent and child that come again', () => {
  test('start one child and count one end', () => {
    const family = given('.sync', DOUBLE);
    for (let round = 0; round < 3; round += 1) {
      family.sent = family.sent.flatMap((message) => [message, message]);
      family.deliver();
      family.awaited('p');
    }
    family.deliverAll();
    expect(family.children()).toHaveLength(1);
    expect(typesOf(family, 'p').filter((type) => type === 'StepSucceeded')).toHaveLength(1);
  });

  test('bring back a report that was lost: the parent asks for its child, which says what it has come to', () => {
    const family = given('.sync', DOUBLE);
    family.deliver();
    family.sent = [];
    expect(family.onlyChild().status).toBe('succeeded');
    expect(family.state('p').status).toBe('running');
    family.awaited('p');
    family.deliverAll();
    expect(family.state('p').status).toBe('succeeded');
  });

  test('stop the child again where nobody knows whether it was told', () => {
    const family = given('.sync', ONE_TASK);
    family.deliverAll();
    const cancel = { type: 'CancelExecution', id: 'stop-it', body: {} };
    family.tell('p', cancel);
    family.sent = [];
    family.tell('p', cancel);
    family.deliverAll();
    expect(family.onlyChild().status).toBe('cancelled');
  });

  test('stop the child again though another one was stopped since, and only that child', () => {
    const calls = ['First', 'Second'].map((name, i) =>
      machine({
        [name]: {
          Type: 'Task',
          Resource: `${START}.sync:2`,
          Parameters: { StateMachineArn: arn('child') },
          TimeoutSeconds: 5 + i,
          Catch: [{ ErrorEquals: ['States.Timeout'], Next: `After${name}` }],
          End: true,
        },
        [`After${name}`]: { Type: 'Wait', Seconds: 1_000, End: true },
      }),
    );
    const family = new Family({
      parent: machine({ Both: { Type: 'Parallel', Branches: calls, End: true } }),
      child: ONE_TASK,
    });
    family.start('p', 'parent');
    family.deliverAll();
    const [first, second] = armedTimers(family.state('p')).map(({ id, dueAt }) => ({
      at: dueAt,
      command: { type: 'FireTimer', id: `fire-${id}`, body: { timer: id } },
    }));
    if (!first || !second) throw new Error('two timers expected');
    for (const { at, command } of [first, second]) {
      family.now = at;
      family.tell('p', command);
    }
    // The process died before it had published anything; one of the commands comes again.
    family.sent = [];
    family.tell('p', first.command);
    family.deliverAll();
    expect(family.children().map(({ status }) => status)).toEqual(['cancelled', 'running']);
    family.tell('p', second.command);
    family.deliverAll();
    expect(family.children().map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
  });

  test('a commit folded later stops nobody twice, and folding gives the same state', () => {
    const family = given('.sync', ONE_TASK);
    family.deliverAll();
    family.tell('p', { type: 'CancelExecution', body: {} });
    const log = family.logs.get('p') ?? [];
    const folded = log.reduce(foldCommit, initialExecution(family.state('p').ref));
    expect(JSON.stringify(folded)).toBe(JSON.stringify(family.state('p')));
    expect(log.slice(0, -1).flatMap(({ commit }) => effectsOf(folded, commit))).toEqual([]);
  });
});
