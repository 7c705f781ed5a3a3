import type { Fault } from '@throughline/asl';
import { pointsInto, problemsOfFaults, problemsOfRefusal, problemsOfValue } from './checks.ts';

const definition = { States: { 'a/b': { Choices: [{ Next: 'C' }] } } };
const fault: Fault = {
  pointer: '/States/a~1b/Choices/0/Next',
  code: 'MISSING_TARGET',
  message: 'There is no state C.',
};

it('a fault with a place, a known code and a sentence is well', () => {
  expect(problemsOfFaults(definition, [fault])).toEqual([]);
});

it.each<[string, Partial<Fault>]>([
  ['of no known code', { code: 'NONE' as Fault['code'] }],
  ['without a sentence', { message: 'no' }],
  ['at a place that is not there', { pointer: '/States/a/Choices/0' }],
])('a fault %s is seen', (_, part) => {
  expect(problemsOfFaults(definition, [{ ...fault, ...part }])).toHaveLength(1);
});

it('a refusal without a fault is seen, as are more faults than are bounded', () => {
  expect(problemsOfFaults(definition, [])).toHaveLength(1);
  expect(problemsOfFaults(definition, new Array<Fault>(201).fill(fault))).toHaveLength(1);
});

it('a pointer may end at what is missing from an object, but not from an array', () => {
  expect(pointsInto(definition, '/StartAt')).toBe(true);
  expect(pointsInto(definition, '/States/a~1b/Choices/7')).toBe(false);
  expect(pointsInto(definition, 'States')).toBe(false);
});

it('a refusal of an unknown code, without words, or of a bug is seen', () => {
  expect(problemsOfRefusal({ code: 'TL0107', message: 'closed' })).toEqual([]);
  expect(problemsOfRefusal({ code: 'TL9999' as 'TL0107', message: 'what' })).toHaveLength(1);
  expect(problemsOfRefusal({ code: 'TL0107', message: '' })).toHaveLength(1);
  expect(problemsOfRefusal({ code: 'TL0007', message: 'broken' })).toHaveLength(1);
});

it.each([[Number.NaN], [undefined], [{ a: undefined }], [[() => 1]], [new Date(0)]])('%p is no JSON value', (value) => {
  expect(problemsOfValue('it', value)).toHaveLength(1);
});

it('JSON is a JSON value, a negative zero too', () => {
  expect(problemsOfValue('it', { a: [1, -0, null, 'x'], __proto__: { b: true } })).toEqual([]);
});
