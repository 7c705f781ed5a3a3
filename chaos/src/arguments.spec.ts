import { parseArguments } from './arguments.ts';

test('what is not told has a default, and a seed is drawn', () => {
  expect(parseArguments([])).toMatchObject({ minutes: 4, topologies: ['single', 'cluster'], json: false });
  expect(Number.isInteger(parseArguments([])?.seed)).toBe(true);
});

test('a topology may be named', () => {
  expect(parseArguments(['--topology', 'cluster', '--minutes', '0.5', '--seed', '9', '--json'])).toMatchObject({
    minutes: 0.5,
    seed: 9,
    topologies: ['cluster'],
    json: true,
  });
});

test.each([
  ['--minutes', '0'],
  ['--minutes', 'many'],
  ['--seed', '-1'],
  ['--seed', '1.5'],
  ['--topology', 'ring'],
  ['--what'],
])('refuses %s %s', (...argv) => {
  expect(parseArguments(argv)).toBeUndefined();
});
