import type { ChoiceBranch, ChoiceRule, ChoiceState } from '../machine.ts';
import { readAssign } from './assign.ts';
import { readComparison } from './comparison.ts';
import { checkJsonata } from './expressions.ts';
import type { Fields } from './fields.ts';
import { knownFields, readDataFlow } from './state-fields.ts';
import { readTemplate } from './template.ts';

const FIELDS = knownFields('Choice', { both: ['Choices', 'Default'] });
const COMBINATORS = ['And', 'Or', 'Not'] as const;
/** `Next` and `Assign` belong to the outermost rule only. */
const OUTERMOST = ['Comment', 'Next', 'Assign'];

const readRule = (fields: Fields, own: readonly string[]): ChoiceRule => {
  const combinator = COMBINATORS.find((name) => fields.has(name));
  if (combinator === undefined) return readComparison(fields, own);
  fields.allow({ both: own, JSONPath: [combinator] });
  if (combinator === 'Not') {
    const inner = fields.object('Not');
    return { kind: 'not', rule: inner ? readRule(inner, ['Comment']) : { kind: 'and', rules: [] } };
  }
  const rules = fields.objects(combinator).map((rule) => readRule(rule, ['Comment']));
  if (rules.length === 0) fields.fault(combinator, 'BAD_CHOICE_RULE', `"${combinator}" needs one rule or more.`);
  return { kind: combinator === 'And' ? 'and' : 'or', rules };
};

const readCondition = (fields: Fields, index: number): ChoiceRule => {
  fields.allow({ both: OUTERMOST, JSONata: ['Condition', 'Output'] });
  const condition = fields.require('Condition') ? fields.value('Condition') : false;
  const field = `Choices[${index}]/Condition`;
  if (typeof condition === 'boolean') return { kind: 'condition', condition, field };
  if (typeof condition === 'string') {
    return { kind: 'condition', condition: checkJsonata(fields, 'Condition', condition), field };
  }
  fields.fault('Condition', 'WRONG_TYPE', '"Condition" has to be an expression {% … %}, or true or false.');
  return { kind: 'condition', condition: false, field };
};

const readBranch = (fields: Fields, index: number): ChoiceBranch => {
  fields.require('Next');
  const isJsonata = fields.reading.queryLanguage === 'JSONata';
  const output = isJsonata ? readTemplate(fields, 'Output') : undefined;
  return {
    rule: isJsonata ? readCondition(fields, index) : readRule(fields, OUTERMOST),
    next: fields.target('Next'),
    ...(output !== undefined && { output }),
    ...readAssign(fields),
  };
};

export const readChoice = (name: string, fields: Fields): ChoiceState => {
  fields.allow(FIELDS);
  const branches = fields.require('Choices') ? fields.objects('Choices') : [];
  if (branches.length === 0 && Array.isArray(fields.value('Choices'))) {
    fields.fault('Choices', 'BAD_CHOICE_RULE', '"Choices" needs one rule or more.');
  }
  return {
    type: 'Choice',
    name,
    ...fields.comment(),
    ...readDataFlow('Choice', fields),
    choices: branches.map(readBranch),
    ...(fields.has('Default') && { default: fields.target('Default') }),
  };
};
