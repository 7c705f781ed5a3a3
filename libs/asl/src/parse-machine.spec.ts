import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { parseMachine } from './parse-machine.ts';

type Fields = { readonly [name: string]: Json };

const faultsOf = (definition: Json): readonly string[] => {
  const parsed = parseMachine(definition);
  return parsed.ok ? [] : parsed.faults.map(({ code, pointer }) => `${code} ${pointer}`);
};
const faultsOfState = (state: Json, more: Fields = {}): readonly string[] =>
  faultsOf({ StartAt: 'S', States: { S: state, ...more } });
const pass = (fields: Fields = {}): Fields => ({ Type: 'Pass', End: true, ...fields });
const task = (fields: Fields = {}): Fields => ({ Type: 'Task', Resource: 'tl:task:q:h', End: true, ...fields });
const choice = (rule: Fields): readonly string[] =>
  faultsOfState({ Type: 'Choice', Choices: [{ Next: 'T', ...rule }] }, { T: pass() });

describe('a machine', () => {
  it('that is sound becomes states with their defaults filled in', () => {
    const parsed = parseMachine({
      Comment: 'orders',
      Version: '1.0',
      StartAt: 'Pay',
      TimeoutSeconds: 60,
      States: {
        Pay: {
          Type: 'Task',
          Resource: 'arn:aws:states:::http:invoke',
          TimeoutSeconds: 5,
          HeartbeatSeconds: 2,
          Retry: [{ ErrorEquals: ['Http.500'], JitterStrategy: 'FULL', MaxDelaySeconds: 9 }],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed', ResultPath: '$.error' }],
          Next: 'Pack',
        },
        Pack: { Type: 'Task', Resource: 'tl:task:depot:pack', Throughline: { EffectClass: 'pure' }, End: true },
        Failed: { Type: 'Fail', Error: 'NotPaid' },
      },
    });
    expect(parsed).toMatchObject({
      ok: true,
      machine: {
        comment: 'orders',
        startAt: 'Pay',
        stateCount: 3,
        timeoutMs: 60_000,
        states: {
          Pay: {
            inputPath: '$',
            outputPath: '$',
            resultPath: '$',
            resource: { queue: 'http', handler: 'http' },
            effectClass: 'external',
            timeout: { kind: 'fixed', value: 5 },
            heartbeat: { kind: 'fixed', value: 2 },
            retry: [{ intervalMs: 1_000, attemptsMax: 3, backoffRate: 2, jitter: 'FULL', delayMaxMs: 9_000 }],
            catch: [{ next: 'Failed', resultPath: '$.error' }],
            transition: { kind: 'next', state: 'Pack' },
          },
          Pack: { resource: { queue: 'depot', handler: 'pack' }, effectClass: 'pure', transition: { kind: 'end' } },
        },
      },
    });
  });

  it('without an own effect class takes an SDK step for idempotent', () => {
    const parsed = parseMachine({ StartAt: 'S', States: { S: task() } });
    expect(parsed).toMatchObject({ machine: { states: { S: { effectClass: 'idempotent' } } } });
  });

  it('takes fan-outs, children and activities', () => {
    const inner = { StartAt: 'I', States: { I: pass() } };
    const states = {
      S: { Type: 'Parallel', Branches: [inner], Next: 'M' },
      M: { Type: 'Map', ItemProcessor: { StartAt: 'J', States: { J: pass() } }, Next: 'C' },
      C: task({ Resource: 'arn:aws:states:::states:startExecution', Next: 'A', End: false }),
      A: task({ Resource: 'arn:aws:states:eu-west-1:111111111111:activity:sign' }),
    };
    expect(parseMachine({ StartAt: 'S', States: states })).toMatchObject({ ok: true });
  });

  it('may have a state named like a part of Object', () => {
    const parsed = parseMachine(
      JSON.parse('{"StartAt":"__proto__","States":{"__proto__":{"Type":"Succeed"}}}') as Json,
    );
    expect(parsed.ok && Object.keys(parsed.machine.states)).toEqual(['__proto__']);
    expect(faultsOf({ StartAt: 'constructor', States: { S: pass() } })).toEqual(['MISSING_TARGET /StartAt']);
  });

  it('is told everything that is wrong with it at once', () => {
    expect(
      faultsOf({
        StartAt: 'Nowhere',
        Extra: 1,
        States: { A: { Type: 'Pass' }, 'b/c~d': { Type: 'Wait', Seconds: -1, Next: 'X' } },
      }),
    ).toEqual([
      'UNKNOWN_FIELD /Extra',
      'MISSING_TARGET /StartAt',
      'BAD_TRANSITION /States/A',
      'OUT_OF_RANGE /States/b~1c~0d/Seconds',
      'MISSING_TARGET /States/b~1c~0d/Next',
    ]);
  });

  it.each<[string, Json, string[]]>([
    ['is no object', [], ['WRONG_TYPE ']],
    ['is empty', {}, ['MISSING_FIELD ', 'MISSING_FIELD ']],
    ['has no state', { StartAt: 'S', States: {} }, ['MISSING_TARGET /StartAt', 'MISSING_FIELD /States']],
    ['has a list of states', { StartAt: 'S', States: [] }, ['MISSING_TARGET /StartAt', 'WRONG_TYPE /States']],
    ['has a number as start', { StartAt: 1, States: { S: pass() } }, ['WRONG_TYPE /StartAt']],
    ['has another version', { Version: '2', StartAt: 'S', States: { S: pass() } }, ['OUT_OF_RANGE /Version']],
    ['never ends', { TimeoutSeconds: 0, StartAt: 'S', States: { S: pass() } }, ['OUT_OF_RANGE /TimeoutSeconds']],
    [
      'has states that nothing leads to',
      { StartAt: 'S', States: { S: pass(), A: { Type: 'Pass', Next: 'B' }, B: pass() } },
      ['UNREACHABLE_STATE /States/A', 'UNREACHABLE_STATE /States/B'],
    ],
    ['has a nameless state', { StartAt: '', States: { '': pass() } }, ['BAD_STATE_NAME /States/']],
    [
      'has a state of a long name',
      { StartAt: 'n'.repeat(81), States: { ['n'.repeat(81)]: pass() } },
      [`BAD_STATE_NAME /States/${'n'.repeat(81)}`],
    ],
  ])('that %s is refused', (_, definition, faults) => {
    expect(faultsOf(definition)).toEqual(faults);
  });

  it('reaches a state by Default and Catch as by Next; a loop without an end is allowed', () => {
    const states = {
      S: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'S' }], Default: 'T' },
      T: task({ End: false, Next: 'S', Catch: [{ ErrorEquals: ['E'], Next: 'U' }] }),
      U: { Type: 'Wait', Seconds: 1, Next: 'T' },
    };
    expect(faultsOf({ StartAt: 'S', States: states })).toEqual([]);
  });
});

describe('a number in a definition', () => {
  it('is never -0, which JSON text does not give back', () => {
    const parsed = parseMachine({ StartAt: 'S', States: { S: pass({ Result: [-0, { a: -0 }] }) } });
    expect(parsed.ok && parsed.machine.states['S']).toMatchObject({ result: [0, { a: 0 }] });
  });

  it('is refused where it is too large to be one', () => {
    expect(faultsOfState(pass({ Result: JSON.parse('[1e400]') as Json }))).toEqual(['OUT_OF_RANGE ']);
  });
});

describe('the size of a definition', () => {
  it('is bounded in bytes, in states and in depth', () => {
    expect(faultsOfState(pass({ Comment: 'é'.repeat(524_288) }))).toEqual(['TOO_LARGE ']);
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`s${i}`, pass()]));
    expect(faultsOf({ StartAt: 's0', States: many })).toEqual(['TOO_MANY_STATES /States']);
    let deep: Json = 1;
    for (let i = 0; i < 50_000; i += 1) deep = [deep];
    expect(faultsOfState(pass({ Result: deep }))).toEqual(['TOO_DEEP ']);
  });

  it('of a report of faults is bounded too', () => {
    const States = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`s${i}`, {}]));
    expect(faultsOf({ StartAt: 's0', States })).toHaveLength(200);
  });
});

describe('a state', () => {
  it.each<[string, Json, string[]]>([
    ['is no object', 1, ['WRONG_TYPE /States/S']],
    ['has no type', {}, ['MISSING_FIELD /States/S']],
    ['has an unknown type', { Type: 'Loop' }, ['UNKNOWN_STATE_TYPE /States/S/Type']],
    ['has an unknown field', pass({ Foo: 1 }), ['UNKNOWN_FIELD /States/S/Foo']],
    ['goes on and ends', pass({ Next: 'S' }), ['BAD_TRANSITION /States/S/End']],
    ['ends in words', pass({ End: 'yes' }), ['WRONG_TYPE /States/S/End', 'BAD_TRANSITION /States/S']],
    ['comments in numbers', pass({ Comment: 1 }), ['WRONG_TYPE /States/S/Comment']],
    ['has a bad path', pass({ InputPath: 'order' }), ['BAD_PATH /States/S/InputPath']],
    ['writes to a variable', pass({ ResultPath: '$order' }), ['BAD_PATH /States/S/ResultPath']],
    ['places its result in many', pass({ ResultPath: '$.a[*]' }), ['BAD_PATH /States/S/ResultPath']],
    ['writes to the context', pass({ ResultPath: '$$.a' }), ['BAD_PATH /States/S/ResultPath']],
    ['places its result from the end', pass({ ResultPath: '$.a[-1]' }), ['BAD_PATH /States/S/ResultPath']],
    ['has text as Parameters', pass({ Parameters: 'x' }), ['WRONG_TYPE /States/S/Parameters']],
    [
      'has bad paths in Parameters',
      pass({ Parameters: { a: [{ 'b.$': 'no' }], 'c.$': 1, d: 1, 'd.$': '$', 'e.$': "States.Format('x'" } }),
      [
        'BAD_PATH /States/S/Parameters/a/0/b.$',
        'WRONG_TYPE /States/S/Parameters/c.$',
        'DUPLICATE_FIELD /States/S/Parameters/d.$',
        'BAD_INTRINSIC /States/S/Parameters/e.$',
      ],
    ],
    ['succeeds and goes on', { Type: 'Succeed', End: true }, ['UNKNOWN_FIELD /States/S/End']],
    ['fails with input', { Type: 'Fail', InputPath: '$' }, ['UNKNOWN_FIELD /States/S/InputPath']],
    ['fails twice', { Type: 'Fail', Error: 'E', ErrorPath: '$.e' }, ['DUPLICATE_FIELD /States/S/ErrorPath']],
    [
      'fails by a function that is called with too much',
      { Type: 'Fail', CausePath: 'States.UUID(1)' },
      ['BAD_INTRINSIC /States/S/CausePath'],
    ],
    ['waits for nothing', { Type: 'Wait', End: true }, ['MISSING_FIELD /States/S']],
    [
      'waits for two',
      { Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true },
      ['DUPLICATE_FIELD /States/S/SecondsPath'],
    ],
    ['waits until tomorrow', { Type: 'Wait', Timestamp: 'tomorrow', End: true }, ['BAD_TIMESTAMP /States/S/Timestamp']],
    ['waits half a second', { Type: 'Wait', Seconds: 0.5, End: true }, ['WRONG_TYPE /States/S/Seconds']],
  ])('that %s is refused', (_, state, faults) => {
    expect(faultsOfState(state)).toEqual(faults);
  });
});

describe('a Task', () => {
  it.each<[string, Json, string[]]>([
    ['has no resource', { Type: 'Task', End: true }, ['MISSING_FIELD /States/S']],
    ['has an unknown resource', task({ Resource: 'do it' }), ['UNKNOWN_RESOURCE /States/S/Resource']],
    [
      'has a queue that is no subject token',
      task({ Resource: 'tl:task:a.b:h' }),
      ['UNKNOWN_RESOURCE /States/S/Resource'],
    ],
    ['has no handler', task({ Resource: 'tl:task:q' }), ['UNKNOWN_RESOURCE /States/S/Resource']],
    ['beats too slowly', task({ TimeoutSeconds: 5, HeartbeatSeconds: 5 }), ['OUT_OF_RANGE /States/S/HeartbeatSeconds']],
    ['has no time', task({ TimeoutSeconds: 0 }), ['OUT_OF_RANGE /States/S/TimeoutSeconds']],
    [
      'has two timeouts',
      task({ TimeoutSeconds: 1, TimeoutSecondsPath: '$.t' }),
      ['DUPLICATE_FIELD /States/S/TimeoutSecondsPath'],
    ],
    ['has many timeouts', task({ TimeoutSecondsPath: '$.t[*]' }), ['BAD_PATH /States/S/TimeoutSecondsPath']],
    [
      'has an unknown effect class',
      task({ Throughline: { EffectClass: 'safe' } }),
      ['OUT_OF_RANGE /States/S/Throughline/EffectClass'],
    ],
    [
      'has an unknown extension',
      task({ Throughline: { Colour: 'x' } }),
      ['UNKNOWN_FIELD /States/S/Throughline/Colour'],
    ],
    ['has an object as Retry', task({ Retry: {} }), ['WRONG_TYPE /States/S/Retry']],
    [
      'retries badly',
      task({
        Retry: [
          { ErrorEquals: [], IntervalSeconds: 0, MaxAttempts: -1, BackoffRate: 0.5, JitterStrategy: 'SOME' },
          { MaxDelaySeconds: 0, Next: 'S' },
          7,
        ],
      }),
      [
        'WRONG_TYPE /States/S/Retry/2',
        'WRONG_TYPE /States/S/Retry/0/ErrorEquals',
        'OUT_OF_RANGE /States/S/Retry/0/IntervalSeconds',
        'OUT_OF_RANGE /States/S/Retry/0/MaxAttempts',
        'OUT_OF_RANGE /States/S/Retry/0/BackoffRate',
        'OUT_OF_RANGE /States/S/Retry/0/JitterStrategy',
        'UNKNOWN_FIELD /States/S/Retry/1/Next',
        'OUT_OF_RANGE /States/S/Retry/1/MaxDelaySeconds',
        'MISSING_FIELD /States/S/Retry/1',
      ],
    ],
    [
      'takes every error too early, or not alone',
      task({
        Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }],
        Catch: [{ ErrorEquals: ['E', 'States.ALL'], Next: 'S' }],
      }),
      ['BAD_STATES_ALL /States/S/Retry/0/ErrorEquals', 'BAD_STATES_ALL /States/S/Catch/0/ErrorEquals'],
    ],
    [
      'catches into nowhere',
      task({ Catch: [{ ErrorEquals: ['E'] }, { ErrorEquals: ['F'], Next: 'X', ResultPath: '$..a' }] }),
      [
        'MISSING_FIELD /States/S/Catch/0',
        'BAD_PATH /States/S/Catch/1/ResultPath',
        'MISSING_TARGET /States/S/Catch/1/Next',
      ],
    ],
  ])('that %s is refused', (_, state, faults) => {
    expect(faultsOfState(state)).toEqual(faults);
  });
});

describe('a Choice', () => {
  it('that has no rules, or no Choices at all, is refused', () => {
    expect(faultsOfState({ Type: 'Choice', Choices: [] })).toEqual(['BAD_CHOICE_RULE /States/S/Choices']);
    expect(faultsOfState({ Type: 'Choice' })).toEqual(['MISSING_FIELD /States/S']);
    expect(faultsOfState({ Type: 'Choice', Choices: {} })).toEqual(['WRONG_TYPE /States/S/Choices']);
  });

  it.each<[string, Fields, string[]]>([
    ['has no operator', { Variable: '$.a' }, ['BAD_CHOICE_RULE ']],
    ['has no variable', { IsNull: true }, ['MISSING_FIELD ']],
    ['has two operators', { Variable: '$.a', IsNull: true, StringEquals: 'x' }, ['BAD_CHOICE_RULE /StringEquals']],
    ['has an unknown operator', { Variable: '$.a', Equals: 1 }, ['UNKNOWN_FIELD /Equals', 'BAD_CHOICE_RULE ']],
    [
      'has a path form that is none',
      { Variable: '$.a', IsNullPath: '$.b' },
      ['UNKNOWN_FIELD /IsNullPath', 'BAD_CHOICE_RULE '],
    ],
    ['compares with another type', { Variable: '$.a', NumericEquals: '1' }, ['WRONG_TYPE /NumericEquals']],
    ['compares with no timestamp', { Variable: '$.a', TimestampEquals: '2026' }, ['WRONG_TYPE /TimestampEquals']],
    ['compares with a bad path', { Variable: '$.a', StringEqualsPath: 'b' }, ['BAD_PATH /StringEqualsPath']],
    ['combines nothing', { And: [] }, ['BAD_CHOICE_RULE /And']],
    ['combines and compares', { Not: { Variable: '$.a', IsNull: true }, Variable: '$.a' }, ['UNKNOWN_FIELD /Variable']],
    ['goes on from within', { Or: [{ Variable: '$.a', IsNull: true, Next: 'T' }] }, ['UNKNOWN_FIELD /Or/0/Next']],
    ['negates a list', { Not: [] }, ['WRONG_TYPE /Not']],
    ['goes nowhere', { Variable: '$.a', IsNull: true, Next: 'X' }, ['MISSING_TARGET /Next', 'UNREACHABLE /']],
  ])('with a rule that %s is refused', (_, rule, faults) => {
    const expected = faults
      .map((fault) => fault.replace(' ', ' /States/S/Choices/0'))
      .map((fault) => (fault.startsWith('UNREACHABLE') ? 'UNREACHABLE_STATE /States/T' : fault));
    expect(choice(rule)).toEqual(expected);
  });
});

describe('any JSON at all', () => {
  it('gives a machine or faults, never a throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (definition) => {
        expect(typeof parseMachine(definition as Json).ok).toBe('boolean');
      }),
    );
  });

  it('in the place of any field of a sound definition does so too', () => {
    const names = [
      'Type',
      'Next',
      'End',
      'Resource',
      'Parameters',
      'Retry',
      'Catch',
      'Choices',
      'InputPath',
      'Seconds',
      'Throughline',
      'ErrorPath',
    ];
    const type = fc.constantFrom('Pass', 'Task', 'Choice', 'Wait', 'Succeed', 'Fail');
    const state = fc.tuple(type, fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 4 })));
    fc.assert(
      fc.property(state, ([Type, fields]) => {
        const parsed = parseMachine({ StartAt: 'S', States: { S: { Type, ...(fields as Fields) } } });
        expect(parsed.ok || parsed.faults.every(({ pointer }) => pointer.startsWith('/States'))).toBe(true);
      }),
    );
  });
});
