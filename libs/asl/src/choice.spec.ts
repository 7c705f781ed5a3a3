import type { Json } from '@throughline/contracts';
import fc from 'fast-check';
import { chooseNext, matchesRule } from './choice.ts';
import type { ChoiceRule, ChoiceState } from './machine.ts';
import { parseMachine } from './parse-machine.ts';
import { scopeWith } from './spec/scope-with.ts';

type Fields = { readonly [name: string]: Json };

const choiceOf = (rules: readonly Fields[], more: Fields = { Default: 'No' }): ChoiceState => {
  const Choices = rules.map((rule) => ({ Next: 'Yes', ...rule }));
  const end = { Type: 'Succeed' };
  const parsed = parseMachine({
    StartAt: 'C',
    States: { C: { Type: 'Choice', Choices, ...more }, Yes: end, ...('Default' in more && { No: end }) },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const state = parsed.machine.states['C'];
  if (state?.type !== 'Choice') throw new Error('not a Choice');
  return state;
};
const scope = scopeWith({ context: { Execution: { Name: 'run-1' } } });
const holds = (rule: Fields, data: Json): boolean => {
  const next = chooseNext(choiceOf([rule]), data, scope);
  if (!next.ok) throw new Error(next.cause);
  return next.value.next === 'Yes';
};

describe('a comparison', () => {
  it.each<[Fields, Json, boolean]>([
    [{ StringEquals: 'a' }, 'a', true],
    [{ StringEquals: 'a' }, 'b', false],
    [{ StringEquals: '1' }, 1, false],
    [{ StringLessThan: 'b' }, 'a', true],
    [{ StringLessThan: 'b' }, 'b', false],
    [{ StringGreaterThan: 'b' }, 'c', true],
    [{ StringLessThanEquals: 'b' }, 'b', true],
    [{ StringGreaterThanEquals: 'b' }, 'a', false],
    [{ StringMatches: 'log-*.txt' }, 'log-7.txt', true],
    [{ StringMatches: 'log-\\*.txt' }, 'log-7.txt', false],
    [{ NumericEquals: 1 }, 1.0, true],
    [{ NumericEquals: 1 }, '1', false],
    [{ NumericLessThan: 2 }, 1.5, true],
    [{ NumericGreaterThan: 2 }, 2, false],
    [{ NumericLessThanEquals: 2 }, 2, true],
    [{ NumericGreaterThanEquals: 2 }, 1, false],
    [{ BooleanEquals: true }, true, true],
    [{ BooleanEquals: false }, null, false],
    [{ TimestampEquals: '2026-01-01T00:00:00Z' }, '2026-01-01T01:00:00+01:00', true],
    [{ TimestampEquals: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:00.000000001Z', false],
    [{ TimestampLessThan: '2026-01-01T00:00:00Z' }, '2025-12-31T23:59:59.999Z', true],
    [{ TimestampGreaterThan: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:00.000001Z', true],
    [{ TimestampLessThanEquals: '2026-01-01T00:00:00Z' }, 'yesterday', false],
    [{ TimestampGreaterThanEquals: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:00Z', true],
    [{ IsNull: true }, null, true],
    [{ IsNull: false }, 0, true],
    [{ IsNumeric: true }, 1, true],
    [{ IsNumeric: true }, '1', false],
    [{ IsString: true }, 'x', true],
    [{ IsString: false }, 'x', false],
    [{ IsBoolean: true }, false, true],
    [{ IsTimestamp: true }, '2026-01-01T00:00:00Z', true],
    [{ IsTimestamp: true }, '2026-01-01', false],
    [{ IsTimestamp: false }, 7, true],
  ])('%j against %j: %s', (operator, value, expected) => {
    expect(holds({ Variable: '$.v', ...operator }, { v: value })).toBe(expected);
  });

  it.each<[string, Json, Json, boolean]>([
    ['StringEqualsPath', 'a', 'a', true],
    ['StringLessThanPath', 'a', 'b', true],
    ['StringGreaterThanPath', 'a', 'b', false],
    ['StringLessThanEqualsPath', 'b', 'b', true],
    ['StringGreaterThanEqualsPath', 'b', 'b', true],
    ['NumericEqualsPath', 1, 2, false],
    ['NumericLessThanPath', 1, 2, true],
    ['NumericGreaterThanPath', 3, 2, true],
    ['NumericLessThanEqualsPath', 3, 2, false],
    ['NumericGreaterThanEqualsPath', 2, 2, true],
    ['BooleanEqualsPath', true, true, true],
    ['TimestampEqualsPath', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.0Z', true],
    ['TimestampLessThanPath', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', true],
    ['TimestampGreaterThanPath', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', false],
    ['TimestampLessThanEqualsPath', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', true],
    ['TimestampGreaterThanEqualsPath', '2026-01-01T00:00:00Z', 'soon', false],
  ])('%s of %j and %j: %s', (operator, value, other, expected) => {
    expect(holds({ Variable: '$.v', [operator]: '$.o' }, { v: value, o: other })).toBe(expected);
  });

  it('may read the context object on either side', () => {
    expect(holds({ Variable: '$$.Execution.Name', StringEquals: 'run-1' }, {})).toBe(true);
    expect(holds({ Variable: '$.name', StringEqualsPath: '$$.Execution.Name' }, { name: 'run-1' })).toBe(true);
  });

  it('fails the state where its variable or its other side is missing', () => {
    const cause = "Invalid path '$.v': The choice state's condition path references an invalid value.";
    const failed = { ok: false, error: 'States.Runtime', cause };
    expect(chooseNext(choiceOf([{ Variable: '$.v', IsNull: true }]), {}, scope)).toEqual(failed);
    expect(chooseNext(choiceOf([{ Variable: '$.a', StringEqualsPath: '$.v' }]), { a: 1 }, scope)).toEqual(failed);
  });
});

describe('IsPresent', () => {
  it('holds for a null, not for a missing field, and the other way round where it asks for absence', () => {
    expect(holds({ Variable: '$.v', IsPresent: true }, { v: null })).toBe(true);
    expect(holds({ Variable: '$.v', IsPresent: true }, {})).toBe(false);
    expect(holds({ Variable: '$.v', IsPresent: false }, {})).toBe(true);
    expect(holds({ Variable: '$.v.w', IsPresent: false }, { v: 'text' })).toBe(true);
  });

  it('guards the rules after it', () => {
    const rule: Fields = {
      And: [
        { Variable: '$.v', IsPresent: true },
        { Variable: '$.v', NumericGreaterThan: 1 },
      ],
    };
    expect(holds(rule, {})).toBe(false);
    expect(holds(rule, { v: 2 })).toBe(true);
    expect(holds({ Or: [{ Variable: '$.v', IsPresent: false }, { Not: { Variable: '$.v', IsNull: true } }] }, {})).toBe(
      true,
    );
  });
});

describe('a Choice', () => {
  it('takes the first rule that holds', () => {
    const state = choiceOf([
      { Variable: '$.n', NumericGreaterThan: 1, Next: 'No' },
      { Variable: '$.n', NumericGreaterThan: 0, Next: 'Yes' },
    ]);
    expect(chooseNext(state, { n: 2 }, scope)).toMatchObject({ ok: true, value: { next: 'No' } });
    expect(chooseNext(state, { n: 1 }, scope)).toMatchObject({ ok: true, value: { next: 'Yes' } });
  });

  it('without a rule that holds takes its Default, or fails as AWS does', () => {
    const rules = [{ Variable: '$.n', NumericEquals: 1 }];
    expect(chooseNext(choiceOf(rules), { n: 2 }, scope)).toMatchObject({ ok: true, value: { next: 'No' } });
    expect(chooseNext(choiceOf(rules, {}), { n: 2 }, scope)).toEqual({
      ok: false,
      error: 'States.Runtime',
      cause: 'Failed to transition out of the state. The state does not point to a next state.',
    });
  });
});

describe('And, Or and Not', () => {
  const { rule: tree } = fc.letrec<{ rule: ChoiceRule }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ min: 0, max: 5 }).map((n): ChoiceRule => {
        const [{ rule } = { rule: undefined }] = choiceOf([{ Variable: `$.v${n}`, BooleanEquals: true }]).choices;
        if (!rule) throw new Error('no rule');
        return rule;
      }),
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        rules: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), rule: tie('rule') }),
    ),
  }));
  const data = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
  const not = (rule: ChoiceRule): ChoiceRule => ({ kind: 'not', rule });

  it("obey De Morgan's laws", () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), data, (rules, values) => {
        const input = Object.fromEntries(values.map((value, i) => [`v${i}`, value]));
        const negated = rules.map(not);
        expect(matchesRule(not({ kind: 'and', rules }), input, scope)).toEqual(
          matchesRule({ kind: 'or', rules: negated }, input, scope),
        );
        expect(matchesRule(not({ kind: 'or', rules }), input, scope)).toEqual(
          matchesRule({ kind: 'and', rules: negated }, input, scope),
        );
      }),
      { numRuns: 50 },
    );
  });
});
