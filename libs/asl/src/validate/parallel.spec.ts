import { type Fields, faultsOf, faultsOfState, machineOf } from '../spec/faults-of.ts';

const pass = (fields: Fields = {}): Fields => ({ Type: 'Pass', End: true, ...fields });
const flow = (name: string, fields: Fields = {}): Fields => ({ StartAt: name, States: { [name]: pass(fields) } });
const parallel = (...branches: readonly Fields[]): Fields => ({ Type: 'Parallel', Branches: branches, End: true });

describe('a Parallel', () => {
  it('holds its branches in order, and its states count as the machine’s', () => {
    const machine = machineOf({ StartAt: 'S', States: { S: parallel(flow('A'), flow('B')) } });
    expect(machine.stateCount).toBe(3);
    expect(machine.states['S']).toMatchObject({ branches: [{ startAt: 'A' }, { startAt: 'B' }], retry: [], catch: [] });
  });

  it.each<[string, Fields, string[]]>([
    ['has no branches', { Type: 'Parallel', End: true }, ['MISSING_FIELD ']],
    ['has an empty list of them', parallel(), ['BAD_BRANCHES /Branches']],
    ['has a branch without a start', parallel({ States: { A: pass() } }), ['MISSING_FIELD /Branches/0']],
    [
      'has a branch with a field of a machine',
      parallel({ ...flow('A'), Version: '1.0' }),
      ['UNKNOWN_FIELD /Branches/0/Version'],
    ],
    [
      'has a branch that leads out',
      parallel(flow('A', { End: false, Next: 'S' })),
      ['MISSING_TARGET /Branches/0/States/A/Next'],
    ],
    [
      'has a branch with a state that nothing leads to',
      parallel({ StartAt: 'A', States: { A: pass(), B: pass() } }),
      ['UNREACHABLE_STATE /Branches/0/States/B'],
    ],
    ['names two states alike', parallel(flow('A'), flow('A')), ['DUPLICATE_STATE /Branches/1/States/A']],
    ['names a state as itself', parallel(flow('S')), ['DUPLICATE_STATE /Branches/0/States/S']],
  ])('that %s is refused', (_, state, faults) => {
    expect(faultsOfState(state)).toEqual(faults);
  });

  it('may be nested, but not without end', () => {
    const nested = (depth: number): Fields =>
      depth === 0 ? flow('end') : { StartAt: `s${depth}`, States: { [`s${depth}`]: parallel(nested(depth - 1)) } };
    expect(faultsOf(nested(32))).toEqual([]);
    expect(faultsOf(nested(33))).toMatchObject([expect.stringMatching(/^BAD_BRANCHES \/States\/s33\/Branches\/0\//)]);
  });
});
