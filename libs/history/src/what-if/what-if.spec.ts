import { type Json, type JsonObject } from '@throughline/contracts';
import {
  exampleMachines,
  givenMachine,
  type ExecutionUnderTest,
  resolved,
} from '@throughline/execution/given-when-then';
import { GOLDEN_SCENARIOS, movedToAnotherVersion } from '../spec/golden-scenarios.ts';
import { firstDecidedOtherwise, whatIf } from './what-if.ts';

const { machine, task } = exampleMachines;
const candidate = (definition: Json) => resolved(definition).machine;

const PAY = { Parameters: { 'amount.$': '$.total' }, ResultPath: '$.paid', Next: 'Ship' };
const SHIP = { Resource: 'tl:task:default:ship', ResultPath: '$.shipped', End: true };
const ORDER = (pay: JsonObject = {}, more: Readonly<Record<string, Json>> = {}): JsonObject =>
  machine({ Pay: task({ ...PAY, ...pay }), Ship: task(SHIP), ...more });

const order = (definition: Json, act: (order: ExecutionUnderTest) => void, input: Json = { total: 3 }) => {
  const under = givenMachine(definition);
  under.start(input);
  act(under);
  return under.log;
};
const paidAndShipped = order(ORDER(), (under) => {
  under.complete({ receipt: 7 });
  under.complete({ parcel: 9 });
});

describe('what if', () => {
  test.each(
    GOLDEN_SCENARIOS.filter(({ limits, definition, versions }) => !limits && !versions && definition !== undefined)
      .map(({ name, definition, play }) => [name, definition as Json, play()] as const)
      .filter(([, , log]) => log[0]?.commit.aggregate === 'execution'),
  )('%s had had the definition that it had: identical', (_name, definition, log) => {
    expect(whatIf(candidate(definition), log)).toMatchObject({ verdict: 'identical', missing: [], notCalled: [] });
  });

  test('an expression is changed: step and pointer are named, with the call that nobody has answered', () => {
    const found = whatIf(candidate(ORDER({ Parameters: { 'amount.$': '$.sum' } })), paidAndShipped);
    expect(found.first?.step?.state).toBe('Pay');
    const doubled = ORDER({ Parameters: { amount: 6 } });
    expect(whatIf(candidate(doubled), paidAndShipped)).toMatchObject({
      verdict: 'unanswered',
      first: {
        commit: 1,
        step: { state: 'Pay', frame: '0', visit: 1 },
        pointer: '/input/amount',
        expected: 3,
        actual: 6,
      },
      missing: [{ state: 'Pay', attempt: 1, request: { amount: 6 } }],
    });
  });

  test('where a result goes is changed: the end is another, and the pointer shows where', () => {
    const found = whatIf(candidate(ORDER({ ResultPath: '$.payment' })), paidAndShipped);
    // What Ship is asked is another thing, so nobody knows its answer.
    expect(found).toMatchObject({
      verdict: 'unanswered',
      first: { commit: 2, step: { state: 'Pay' }, pointer: '/output/paid', expected: { receipt: 7 }, actual: null },
      missing: [{ state: 'Ship', request: { total: 3, payment: { receipt: 7 } } }],
    });
  });

  test('a state is put in between that changes nothing: the same calls, the same end, on another path', () => {
    const longer = ORDER({ Next: 'Note' }, { Note: { Type: 'Pass', Next: 'Ship' } });
    expect(whatIf(candidate(longer), paidAndShipped)).toMatchObject({
      verdict: 'same_end',
      first: { commit: 2, pointer: '/next', expected: 'Ship', actual: 'Note' },
      missing: [],
      notCalled: [],
    });
  });

  test('a state has another name: its calls are known by what they ask for', () => {
    const renamed = machine({ Charge: task(PAY), Ship: task(SHIP) });
    expect(whatIf(candidate(renamed), paidAndShipped)).toMatchObject({
      verdict: 'same_end',
      first: { pointer: '/state' },
    });
  });

  test('a step is left out: the same end is no comfort where a call is missed', () => {
    const definition = machine({
      Tell: task({ ResultPath: null, Next: 'Work' }),
      Work: task({ Resource: 'tl:task:default:other' }),
    });
    const log = order(definition, (under) => {
      under.complete('told');
      under.complete({ ok: true });
    });
    const silent = machine({ Work: task({ Resource: 'tl:task:default:other' }) });
    expect(whatIf(candidate(silent), log)).toMatchObject({
      verdict: 'other_calls',
      notCalled: [{ state: 'Tell', resource: 'tl:task:default:work' }],
    });
    const pure = (definition.States as JsonObject).Tell as JsonObject;
    const declared = {
      ...definition,
      States: { ...(definition.States as JsonObject), Tell: { ...pure, Throughline: { EffectClass: 'pure' } } },
    };
    const pureLog = order(declared, (under) => {
      under.complete('told');
      under.complete({ ok: true });
    });
    expect(whatIf(candidate(silent), pureLog).verdict).toBe('same_end');
  });

  test('a choice is changed: only who takes the other way ends otherwise', () => {
    const choosing = (above: number): JsonObject =>
      machine({
        Which: {
          Type: 'Choice',
          Choices: [{ Variable: '$.total', NumericGreaterThan: above, Next: 'Large' }],
          Default: 'Small',
        },
        Large: { Type: 'Pass', Result: 'large', End: true },
        Small: { Type: 'Pass', Result: 'small', End: true },
      });
    const [three, nine] = [3, 9].map((total) => order(choosing(5), () => undefined, { total }));
    if (!three || !nine) throw new Error('unreachable');
    expect(whatIf(candidate(choosing(2)), nine).verdict).toBe('identical');
    expect(whatIf(candidate(choosing(2)), three)).toMatchObject({
      verdict: 'other_end',
      first: { commit: 1, step: { state: 'Which' }, pointer: '/next', expected: 'Small', actual: 'Large' },
      recorded: { status: 'succeeded', output: 'small' },
      candidate: { status: 'succeeded', output: 'large' },
      endPointer: '/output',
    });
  });

  const retrying = (attempts: number) =>
    machine({ Work: task({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: attempts }] }) });

  test('one retry more: the next attempt has no recorded answer', () => {
    const failed = order(retrying(1), (under) => {
      under.fail('Busy');
      under.fire();
      under.fail('Busy');
    });
    expect(whatIf(candidate(retrying(2)), failed)).toMatchObject({
      verdict: 'unanswered',
      missing: [{ state: 'Work', attempt: 3 }],
    });
    expect(whatIf(candidate(retrying(0)), failed)).toMatchObject({
      verdict: 'other_calls',
      notCalled: [{ state: 'Work', attempt: 2 }],
    });
  });

  test('a timeout that the recorded answer would have missed fails the step; a longer one leaves it unknown', () => {
    const timed = (seconds: number) => machine({ Work: task({ TimeoutSeconds: seconds }) });
    const slow = order(timed(60), (under) => {
      under.later(10_000);
      under.complete(1);
    });
    expect(whatIf(candidate(timed(30)), slow)).toMatchObject({ verdict: 'same_end' });
    expect(whatIf(candidate(timed(5)), slow)).toMatchObject({
      verdict: 'other_end',
      candidate: { status: 'failed', error: 'States.Timeout' },
    });
    const late = order(timed(5), (under) => under.fire());
    expect(whatIf(candidate(timed(60)), late)).toMatchObject({ verdict: 'unanswered', missing: [{ state: 'Work' }] });
  });

  test('an execution that has not ended is compared up to its present commit', () => {
    const open = order(ORDER(), (under) => under.complete({ receipt: 7 }));
    expect(whatIf(candidate(ORDER()), open)).toMatchObject({ verdict: 'identical', open: true });
    const changedLater = machine({ Pay: task(PAY), Ship: task({ ...SHIP, ResultPath: '$.parcel' }) });
    expect(whatIf(candidate(changedLater), open)).toMatchObject({ verdict: 'identical', open: true });
    const longer = ORDER({ Next: 'Note' }, { Note: { Type: 'Pass', Next: 'Ship' } });
    expect(whatIf(candidate(longer), open)).toMatchObject({ verdict: 'same_end', open: true, missing: [] });
    const waiting = ORDER({ Next: 'Rest' }, { Rest: { Type: 'Wait', Seconds: 3_600, Next: 'Ship' } });
    expect(whatIf(candidate(waiting), open)).toMatchObject({ verdict: 'same_end', open: true, notCalled: [] });
  });

  test('what people did happens to the candidate too', () => {
    const definition = machine({
      Agree: { Type: 'Task', Resource: 'tl:approval', Throughline: { Approval: {} }, ResultPath: null, Next: 'News' },
      News: { Type: 'Task', Resource: 'tl:signal:news', Next: 'Work' },
      Work: task(),
    });
    const log = order(definition, (under) => {
      under.later(1_000).decideApproval('ada');
      under.control('PauseExecution');
      under.later(1_000).control('ResumeExecution');
      under.when({ type: 'SignalExecution', body: { name: 'news', payload: { good: true } } });
      under.complete('done');
    });
    const longer = {
      ...definition,
      StartAt: 'First',
      States: { First: { Type: 'Pass', Next: 'Agree' }, ...(definition.States as JsonObject) },
    };
    expect(whatIf(candidate(longer), log)).toMatchObject({ verdict: 'same_end', missing: [], notCalled: [] });
  });

  test('a machine that would not take the start says so', () => {
    const log = order(ORDER(), (under) => under.cancel());
    const until = order(ORDER(), () => undefined, {});
    expect(whatIf(candidate(ORDER()), until).verdict).toBe('identical');
    const under = givenMachine(ORDER());
    under.start({ total: 3 }, undefined, { until: 'Ship' });
    expect(whatIf(candidate(machine({ Pay: task() })), under.log)).toMatchObject({
      verdict: 'other_end',
      candidate: { status: 'refused', cause: expect.stringContaining('TL0128') },
    });
    expect(whatIf(candidate(ORDER({ Comment: 'new' })), log).verdict).toBe('identical');
  });

  test('the same in gives the same out', () => {
    const renamed = candidate(machine({ Charge: task(PAY), Ship: task(SHIP) }));
    expect(whatIf(renamed, paidAndShipped)).toEqual(whatIf(renamed, paidAndShipped));
  });
});

test('the first difference alone is what a move to another version asks for', () => {
  const differenceOf = (definition: Json) => {
    const steps = firstDecidedOtherwise(candidate(definition), paidAndShipped);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  };
  expect(differenceOf(ORDER())).toBeUndefined();
  expect(differenceOf(ORDER({ ResultPath: '$.payment' }))).toMatchObject({ commit: 2, step: { state: 'Pay' } });
});

describe('an execution that was moved to another version', () => {
  const log = movedToAnotherVersion();
  const versionOf = (version: number): Json => {
    const scenario = GOLDEN_SCENARIOS.find(({ name }) => name === 'moves-to-another-version');
    const definition = [scenario?.definition, ...(scenario?.versions ?? [])][version - 1];
    if (definition === undefined) throw new Error(`no version ${version}`);
    return definition;
  };

  test('is what its new version would have made of it', () => {
    expect(whatIf(candidate(versionOf(2)), log)).toMatchObject({ verdict: 'identical', version: 1 });
  });

  test('is not what its old version would have made of it', () => {
    expect(whatIf(candidate(versionOf(1)), log)).toMatchObject({
      verdict: 'unanswered',
      first: { commit: 3, step: { state: 'Act' }, pointer: '/input/of', expected: { yes: true } },
    });
  });
});
