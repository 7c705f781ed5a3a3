import { type Fields, faultsOf, faultsOfState, machineOf } from '../spec/faults-of.ts';

const jsonata = (fields: Fields): Fields => ({ QueryLanguage: 'JSONata', End: true, ...fields });
const pass = (fields: Fields = {}): Fields => jsonata({ Type: 'Pass', ...fields });
const task = (fields: Fields = {}): Fields => jsonata({ Type: 'Task', Resource: 'tl:task:q:h', ...fields });

describe('the query language', () => {
  it('of a state is its own, else the machine’s', () => {
    const states = { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', QueryLanguage: 'JSONata', End: true } };
    const machine = machineOf({ StartAt: 'A', States: states });
    expect(Object.values(machine.states).map(({ queryLanguage }) => queryLanguage)).toEqual(['JSONPath', 'JSONata']);
    const inner = { StartAt: 'C', States: { C: { Type: 'Succeed', Output: 1 } } };
    const outer = { Type: 'Parallel', Branches: [inner], End: true };
    expect(faultsOf({ QueryLanguage: 'JSONata', StartAt: 'P', States: { P: outer } })).toEqual([]);
  });

  it('has to be one that there is, and a JSONata machine has no JSONPath states', () => {
    expect(faultsOfState({ Type: 'Pass', QueryLanguage: 'SQL', End: true })).toEqual([
      'BAD_QUERY_LANGUAGE /QueryLanguage',
    ]);
    const state = { Type: 'Pass', QueryLanguage: 'JSONPath', End: true };
    expect(faultsOf({ QueryLanguage: 'JSONata', StartAt: 'S', States: { S: state } })).toEqual([
      'BAD_QUERY_LANGUAGE /States/S/QueryLanguage',
    ]);
  });

  it.each<[string, Fields, string[]]>([
    ['a Pass', pass({ InputPath: '$', Parameters: {}, Result: 1 }), ['InputPath', 'Parameters', 'Result']],
    ['a Task', task({ ResultSelector: {}, ResultPath: '$' }), ['ResultSelector', 'ResultPath']],
    ['the times of a Task', task({ TimeoutSecondsPath: '$.t' }), ['TimeoutSecondsPath']],
    ['a Wait', jsonata({ Type: 'Wait', Seconds: 1, SecondsPath: '$.s' }), ['SecondsPath']],
    ['a Fail', { Type: 'Fail', QueryLanguage: 'JSONata', ErrorPath: '$.e' }, ['ErrorPath']],
  ])('of %s makes the fields of the other one faults', (_, state, fields) => {
    expect(faultsOfState(state)).toEqual(fields.map((field) => `WRONG_QUERY_LANGUAGE /${field}`));
  });

  it('of a JSONPath state does so too', () => {
    const state = { Type: 'Task', Resource: 'tl:task:q:h', Arguments: {}, Output: 1, End: true };
    expect(faultsOfState(state)).toEqual(['WRONG_QUERY_LANGUAGE /Arguments', 'WRONG_QUERY_LANGUAGE /Output']);
    expect(faultsOfState({ Type: 'Succeed', Output: 1 })).toEqual(['WRONG_QUERY_LANGUAGE /Output']);
  });

  it('decides how a Choice is written', () => {
    const choice = (rule: Fields): Fields => ({
      Type: 'Choice',
      QueryLanguage: 'JSONata',
      Choices: [{ Next: 'S', ...rule }],
    });
    expect(faultsOfState(choice({ Condition: '{% $states.input.a %}', Output: 1, Assign: { x: 1 } }))).toEqual([]);
    expect(faultsOfState(choice({ Condition: true }))).toEqual([]);
    expect(faultsOfState(choice({ Variable: '$.a', IsNull: true }))).toEqual([
      'WRONG_QUERY_LANGUAGE /Choices/0/Variable',
      'UNKNOWN_FIELD /Choices/0/IsNull',
      'MISSING_FIELD /Choices/0',
    ]);
    expect(faultsOfState(choice({ Condition: 1 }))).toEqual(['WRONG_TYPE /Choices/0/Condition']);
    expect(faultsOfState({ Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'S' }] })).toContain(
      'WRONG_QUERY_LANGUAGE /Choices/0/Condition',
    );
  });
});

describe('an expression', () => {
  it('may stand at any depth of a payload, and for a number or a text', () => {
    expect(faultsOfState(task({ Arguments: '{% $states.input %}', Output: { a: [{ b: '{% 1 %}' }] } }))).toEqual([]);
    expect(faultsOfState(task({ TimeoutSeconds: '{% 5 %}', HeartbeatSeconds: 2 }))).toEqual([]);
    expect(faultsOfState(jsonata({ Type: 'Wait', Timestamp: '{% $states.input.at %}' }))).toEqual([]);
    expect(faultsOfState({ Type: 'Fail', QueryLanguage: 'JSONata', Error: 'E', Cause: '{% $c %}' })).toEqual([]);
  });

  it('that is opened or closed alone, or padded, is refused where it stands', () => {
    expect(faultsOfState(pass({ Output: { a: [1, '{% $x'] } }))).toEqual(['BAD_JSONATA /Output/a/1']);
    expect(faultsOfState(pass({ Output: '{% ($states := 1; $states) %}' }))).toEqual(['BAD_JSONATA /Output']);
    expect(faultsOfState(pass({ Output: ' {% $x %}' }))).toEqual(['BAD_JSONATA /Output']);
    expect(faultsOfState(task({ TimeoutSeconds: '5 %}' }))).toEqual(['BAD_JSONATA /TimeoutSeconds']);
  });

  it('is plain text in a JSONPath state', () => {
    expect(faultsOfState({ Type: 'Pass', Parameters: { a: '{% oh' }, End: true })).toEqual([]);
  });
});
