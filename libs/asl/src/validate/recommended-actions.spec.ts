import type { Json } from '@throughline/contracts';
import { faultsOf } from '../spec/faults-of.ts';

const advising = (rules: Json): Json => ({
  StartAt: 'Rest',
  States: { Rest: { Type: 'Pass', End: true } },
  Throughline: { RecommendedActions: rules },
});

test.each<[string, Json, string]>([
  ['no rule', [], ''],
  ['a rule for nothing', [{ ErrorEquals: [], Actions: ['retry'] }], '/0/ErrorEquals'],
  ['a rule without actions', [{ ErrorEquals: ['A'] }], '/0'],
  ['an action that nobody knows and nobody explains', [{ ErrorEquals: ['A'], Actions: ['pray'] }], '/0/Actions'],
  ['an action with a bad name', [{ ErrorEquals: ['A'], Actions: [{ Action: 'a b', Text: 'x' }] }], '/0/Actions'],
  ['an unknown category', [{ ErrorEquals: ['A'], Actions: ['retry'], Category: 'bad' }], '/0/Category'],
])('%s is refused at its place', (_what, rules, pointer) => {
  const pointers = faultsOf(advising(rules)).map((fault) => fault.split(' ')[1]);
  expect(pointers).toContain(`/Throughline/RecommendedActions${pointer}`);
});

test('actions are known ones, or explained', () => {
  const Actions = ['retry', { Action: 'call_bank', Text: 'Call the bank.' }];
  expect(faultsOf(advising([{ ErrorEquals: ['Card.*', 'States.ALL'], Actions }]))).toEqual([]);
});
