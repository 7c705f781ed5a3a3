import { type Fields, faultsOf, faultsOfState, stateOf } from '../spec/faults-of.ts';

const pass = (fields: Fields = {}): Fields => ({ Type: 'Pass', End: true, ...fields });
const flow = (name: string, fields: Fields = {}): Fields => ({ StartAt: name, States: { [name]: pass(fields) } });

describe('variables', () => {
  it('are assigned by states, by rules of a Choice and by catchers', () => {
    expect(stateOf('Pass', { Assign: { a: 1, 'b.$': '$.b' } })).toMatchObject({ assign: { a: 1, 'b.$': '$.b' } });
    const rule = { Variable: '$.a', IsNull: true, Next: 'S', Assign: { y: 1 } };
    expect(stateOf('Choice', { Choices: [rule], Assign: { y: 2 } })).toMatchObject({
      assign: { y: 2 },
      choices: [{ assign: { y: 1 } }],
    });
    const catcher = { ErrorEquals: ['E'], Next: 'S', Assign: { 'e.$': '$.Error' } };
    expect(stateOf('Task', { Resource: 'tl:task:q:h', Catch: [catcher] })).toMatchObject({
      catch: [{ assign: { 'e.$': '$.Error' } }],
    });
  });

  it.each([
    ['states', 'states'],
    ['the same in JSONPath', 'states.$'],
    ['a number first', '1st'],
    ['an underscore first', '_a'],
    ['a space', 'a b'],
    ['nothing', ''],
    ['81 characters', 'n'.repeat(81)],
  ])('cannot be named with %s', (_, name) => {
    const pointer = `/Assign/${name}`;
    expect(faultsOfState(pass({ Assign: { [name]: '$.x' } }))).toContain(`BAD_ASSIGN ${pointer}`);
  });

  it('may be named in any script', () => {
    expect(faultsOfState(pass({ Assign: { größe: 1, 数量: 2, a_1: 3, ['n'.repeat(80)]: 4 } }))).toEqual([]);
  });

  it('of a Succeed or a Fail are none', () => {
    expect(faultsOfState({ Type: 'Succeed', Assign: {} })).toEqual(['UNKNOWN_FIELD /Assign']);
    expect(faultsOfState({ Type: 'Fail', Assign: {} })).toEqual(['UNKNOWN_FIELD /Assign']);
  });

  it('of an inner flow need names that no flow around it assigns; beside each other they may share them', () => {
    const inner = (name: string) => ({
      Type: 'Parallel',
      Branches: [flow('I', { Assign: { [name]: 1 } }), flow('J', { Assign: { y: 1 } })],
      End: true,
    });
    const outer = (name: string, fields: Fields = {}) => ({
      StartAt: 'S',
      States: { S: pass({ Assign: { 'x.$': '$.a' }, End: false, Next: 'P' }), P: { ...inner(name), ...fields } },
    });
    expect(faultsOf(outer('y'))).toEqual([]);
    expect(faultsOf(outer('x'))).toEqual(['BAD_ASSIGN /States/P/Branches/0/States/I/Assign/x']);
  });

  it('around a distributed Map are not seen by it, so their names are free', () => {
    const processor = { ...flow('I', { Assign: { x: 1 } }), ProcessorConfig: { Mode: 'DISTRIBUTED' } };
    const map = { Type: 'Map', Assign: { x: 1 }, ItemProcessor: processor, End: true };
    expect(faultsOfState(map)).toEqual([]);
  });
});
