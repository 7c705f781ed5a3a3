import type { ChoiceBranch, ChoiceRule, ChoiceState } from '../machine.ts';
import { readComparison } from './comparison.ts';
import type { Fields } from './fields.ts';
import { INPUT_OUTPUT_FIELDS, NAMING_FIELDS, readInputOutput } from './state-fields.ts';

const FIELDS = [...NAMING_FIELDS, ...INPUT_OUTPUT_FIELDS, 'Choices', 'Default'];
const COMBINATORS = ['And', 'Or', 'Not'] as const;

/** `Next` belongs to the outermost rule only. */
const readRule = (fields: Fields, own: readonly string[]): ChoiceRule => {
  const combinator = COMBINATORS.find((name) => fields.has(name));
  if (combinator === undefined) return readComparison(fields, own);
  fields.allowOnly([combinator, ...own]);
  if (combinator === 'Not') {
    const inner = fields.object('Not');
    return { kind: 'not', rule: inner ? readRule(inner, ['Comment']) : { kind: 'and', rules: [] } };
  }
  const rules = fields.objects(combinator).map((rule) => readRule(rule, ['Comment']));
  if (rules.length === 0) fields.fault(combinator, 'BAD_CHOICE_RULE', `"${combinator}" needs one rule or more.`);
  return { kind: combinator === 'And' ? 'and' : 'or', rules };
};

const readBranch = (fields: Fields): ChoiceBranch => {
  fields.require('Next');
  return { rule: readRule(fields, ['Comment', 'Next']), next: fields.target('Next') };
};

export const readChoice = (name: string, fields: Fields): ChoiceState => {
  fields.allowOnly(FIELDS);
  const branches = fields.require('Choices') ? fields.objects('Choices') : [];
  if (branches.length === 0 && Array.isArray(fields.value('Choices'))) {
    fields.fault('Choices', 'BAD_CHOICE_RULE', '"Choices" needs one rule or more.');
  }
  return {
    type: 'Choice',
    name,
    ...fields.comment(),
    ...readInputOutput(fields),
    choices: branches.map(readBranch),
    ...(fields.has('Default') && { default: fields.target('Default') }),
  };
};
