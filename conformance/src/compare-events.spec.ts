import { compareHistories, type OurEvent } from './compare-events.ts';
import { NO_BINDINGS, placeholdersOf } from './placeholders.ts';
import type { RecordedEvent } from './recorded-case.ts';

const differenceOf = (
  expected: readonly RecordedEvent[],
  actual: readonly OurEvent[],
  oneAtATime: readonly string[] = [],
) => {
  const result = compareHistories(expected, actual, new Set(oneAtATime), placeholdersOf([]), NO_BINDINGS);
  return result.equal ? undefined : result.difference;
};
const types = (...events: readonly (string | OurEvent)[]): readonly OurEvent[] =>
  events.map((event) => (typeof event === 'string' ? { type: event } : event));

describe('an event', () => {
  it('is judged by the fields that the recording lists', () => {
    const actual = [{ type: 'PassStateEntered', name: 'A', input: '{}', inputDetails: { truncated: false } }];
    expect(differenceOf([{ type: 'PassStateEntered' }], actual)).toBeUndefined();
    expect(differenceOf([{ type: 'PassStateEntered', name: 'A' }], actual)).toBeUndefined();
    expect(differenceOf([{ type: 'PassStateEntered', name: 'B' }], actual)?.place).toBe('events[0].name');
    expect(differenceOf([{ type: 'PassStateExited' }], actual)?.place).toBe('events[0].type');
  });

  it.each(['name', 'index', 'length', 'error', 'cause', 'input', 'output', 'assignedVariables'])(
    'that lacks the listed %s differs',
    (field) => {
      const recorded: RecordedEvent = { type: 'X', [field]: field === 'assignedVariables' ? { v: '1' } : '1' };
      expect(differenceOf([recorded], [{ type: 'X' }])?.place).toContain(`events[0].${field}`);
    },
  );

  it('has data as JSON text on either side', () => {
    expect(differenceOf([{ type: 'X', output: { a: [1] } }], [{ type: 'X', output: '{"a":[1]}' }])).toBeUndefined();
    expect(differenceOf([{ type: 'X', input: '[1, 2]' }], [{ type: 'X', input: '[1,2]' }])).toBeUndefined();
    expect(differenceOf([{ type: 'X', input: '"a"' }], [{ type: 'X', input: 'a' }])).toBeUndefined();
  });

  it('has the text of each assigned variable parsed', () => {
    const recorded = { type: 'X', assignedVariables: { a: '"x"', b: [1], c: '2' } };
    const ours = { type: 'X', assignedVariables: { c: '2', b: '[1]', a: '"x"' } };
    expect(differenceOf([recorded], [ours])).toBeUndefined();
    const others = { type: 'X', assignedVariables: { ...ours.assignedVariables, d: '1' } };
    expect(differenceOf([recorded], [others])?.place).toBe('events[0].assignedVariables.d');
  });

  it('has its cause parsed where the recorded one is an object, and only there', () => {
    const cause = { errorMessage: 'no', requestId: '<uuid:1>' };
    const text = '{"requestId":"r-1","errorMessage":"no"}';
    expect(differenceOf([{ type: 'X', cause }], [{ type: 'X', cause: text }])).toBeUndefined();
    expect(differenceOf([{ type: 'X', cause: '{"a": 1}' }], [{ type: 'X', cause: '{"a":1}' }])).toBeDefined();
  });

  it('of a submission is judged by its type only', () => {
    expect(differenceOf([{ type: 'TaskSubmitted', output: { id: 1 } }], types('TaskSubmitted'))).toBeUndefined();
    expect(differenceOf([{ type: 'TaskSubmitted' }], types('TaskSucceeded'))).toBeDefined();
  });

  it('binds placeholders for the whole history', () => {
    const recorded = [
      { type: 'A', name: '<id>' },
      { type: 'B', name: '<id>' },
    ];
    const ours = (second: string): OurEvent[] => [
      { type: 'A', name: 'x' },
      { type: 'B', name: second },
    ];
    expect(differenceOf(recorded, ours('x'))).toBeUndefined();
    expect(differenceOf(recorded, ours('y'))?.place).toBe('events[1].name');
  });
});

describe('the order of events', () => {
  it('counts outside of fan-outs', () => {
    expect(differenceOf(types('A', 'B'), types('B', 'A'))?.place).toBe('events[0].type');
    expect(differenceOf(types('A', 'B'), types('A'))).toMatchObject({ expected: 'B', actual: 'nothing' });
    expect(differenceOf(types('A'), types('A', 'B'))).toMatchObject({ expected: 'nothing', actual: 'B' });
  });

  const parallel = (...inside: readonly (string | OurEvent)[]) =>
    types('ParallelStateEntered', 'ParallelStateStarted', ...inside, 'ParallelStateSucceeded', 'ParallelStateExited');
  const map = (...inside: readonly (string | OurEvent)[]): readonly OurEvent[] => [
    { type: 'MapStateEntered', name: 'Each' },
    ...types('MapStateStarted', ...inside, 'MapStateSucceeded', 'MapStateExited'),
  ];

  it('does not count between the start and the end of a Parallel or a Map', () => {
    expect(differenceOf(parallel('A', 'B', 'C'), parallel('C', 'A', 'B'))).toBeUndefined();
    expect(differenceOf(map('A', 'B'), map('B', 'A'))).toBeUndefined();
  });

  it('counts in a Map that runs one iteration at a time', () => {
    expect(differenceOf(map('A', 'B'), map('A', 'B'), ['Each'])).toBeUndefined();
    expect(differenceOf(map('A', 'B'), map('B', 'A'), ['Each'])?.place).toBe('events[2].type');
    expect(differenceOf(map('A', 'B'), map('B', 'A'), ['Other'])).toBeUndefined();
  });

  it('counts again after the fan-out', () => {
    expect(differenceOf([...parallel('A'), ...types('B', 'C')], [...parallel('A'), ...types('C', 'B')])).toBeDefined();
    const strayed = types('ParallelStateEntered', 'ParallelStateStarted', 'ParallelStateSucceeded', 'A');
    expect(differenceOf(parallel('A'), strayed)).toBeDefined();
  });

  it('does not count within a fan-out of a fan-out, whose end does not end the outer one', () => {
    const expected = parallel('A', ...map('B', 'C'), 'D');
    const actual = parallel(...map('C', 'B'), 'D', 'A');
    expect(differenceOf(expected, actual)).toBeUndefined();
  });

  it('does not count in a Parallel within a Map that runs one iteration at a time, but around it', () => {
    expect(differenceOf(map('A', ...parallel('B', 'C')), map('A', ...parallel('C', 'B')), ['Each'])).toBeUndefined();
    expect(differenceOf(map('A', ...parallel('B')), map(...parallel('B'), 'A'), ['Each'])).toBeDefined();
  });

  it('does not count where a failure or the end of the execution ends the fan-out', () => {
    for (const end of ['ParallelStateFailed', 'ExecutionFailed', 'ExecutionAborted', 'ExecutionTimedOut']) {
      const history = (...inside: readonly string[]) => types('ParallelStateStarted', ...inside, end);
      expect(differenceOf(history('A', 'B'), history('B', 'A'))).toBeUndefined();
      expect(differenceOf(history('A', 'B'), history('B', 'B'))).toBeDefined();
    }
  });

  it('is a multiset: how often an event occurs counts', () => {
    expect(differenceOf(parallel('A', 'A', 'B'), parallel('A', 'B', 'B'))).toBeDefined();
    expect(differenceOf(parallel('A'), parallel('A', 'A'))).toMatchObject({ expected: '1 A', actual: '2 A' });
  });

  it('leaves a pair again that makes the placeholders of another one impossible', () => {
    const started: OurEvent = { type: 'ParallelStateStarted' };
    const expected = [started, { type: 'E', name: '<a>' }, { type: 'E', name: '<b>' }, { type: 'F', name: '<a>' }];
    const actual: OurEvent[] = [
      started,
      { type: 'E', name: 'one' },
      { type: 'E', name: 'two' },
      { type: 'F', name: 'two' },
    ];
    expect(differenceOf(expected, actual)).toBeUndefined();
  });
});
