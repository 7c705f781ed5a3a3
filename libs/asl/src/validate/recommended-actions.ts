import {
  ACTION_TEXTS,
  type ActionName,
  ERROR_CATEGORIES,
  ERROR_RULES_MAX,
  ERROR_SEVERITIES,
  type ErrorRule,
  type Json,
  type RecommendedAction,
  recommendedActionSchema,
} from '@throughline/contracts';
import type { Fields } from './fields.ts';

export const ERROR_RULES_FIELD = 'RecommendedActions';
const FIELDS = ['ErrorEquals', 'Actions', 'Human', 'Category', 'Severity', 'Retryable'];
const NAMES_MAX = 50;
const NAME_CHARS_MAX = 256;
const ACTIONS_MAX = 10;
const HUMAN_CHARS_MAX = 500;

/** `[{ "ErrorEquals": ["Card.*"], "Actions": ["fix_input", { "Action": "call_bank", "Text": "Call the bank." }] }]` */
export const readErrorRules = (extension: Fields): { readonly errorRules?: readonly ErrorRule[] } => {
  if (!extension.has(ERROR_RULES_FIELD)) return {};
  const given = extension.objects(ERROR_RULES_FIELD);
  if (given.length < 1 || given.length > ERROR_RULES_MAX) {
    extension.fault(ERROR_RULES_FIELD, 'OUT_OF_RANGE', `There have to be 1 to ${ERROR_RULES_MAX} rules.`);
  }
  return { errorRules: given.map(readRule) };
};

const readRule = (fields: Fields): ErrorRule => {
  fields.allowOnly(FIELDS);
  fields.require('ErrorEquals');
  fields.require('Actions');
  const errors = fields.texts('ErrorEquals');
  if (
    errors.length < 1 ||
    errors.length > NAMES_MAX ||
    errors.some((name) => name === '' || name.length > NAME_CHARS_MAX)
  ) {
    fields.fault('ErrorEquals', 'OUT_OF_RANGE', `"ErrorEquals" has to be 1 to ${NAMES_MAX} names of errors.`);
  }
  const human = fields.text('Human');
  if (human !== undefined && (human === '' || human.length > HUMAN_CHARS_MAX)) {
    fields.fault('Human', 'OUT_OF_RANGE', `"Human" has to be 1 to ${HUMAN_CHARS_MAX} characters.`);
  }
  const retryable = fields.flag('Retryable');
  return {
    errors: [...errors],
    actions: readActions(fields),
    ...(human !== undefined && { human }),
    ...(fields.has('Category') && { category: fields.oneOf('Category', ERROR_CATEGORIES) }),
    ...(fields.has('Severity') && { severity: fields.oneOf('Severity', ERROR_SEVERITIES) }),
    ...(retryable !== undefined && { retryable }),
  };
};

const readActions = (fields: Fields): RecommendedAction[] => {
  const given = fields.list('Actions');
  const read = given.flatMap((action) => actionOf(action) ?? []);
  if (read.length < given.length || read.length < 1 || read.length > ACTIONS_MAX) {
    const known = Object.keys(ACTION_TEXTS).join(', ');
    const message = `"Actions" has to be 1 to ${ACTIONS_MAX} of ${known}, or objects { "Action", "Text" }.`;
    fields.fault('Actions', 'OUT_OF_RANGE', message);
  }
  return read;
};

const isKnown = (name: string): name is ActionName => Object.hasOwn(ACTION_TEXTS, name);

const actionOf = (given: Json): RecommendedAction | undefined => {
  if (typeof given === 'string') return isKnown(given) ? { action: given, text: ACTION_TEXTS[given] } : undefined;
  // An object with these two members and no other.
  if (typeof given !== 'object' || given === null || !('Action' in given) || !('Text' in given)) return undefined;
  if (Object.keys(given).length !== 2) return undefined;
  const parsed = recommendedActionSchema.safeParse({ action: given['Action'], text: given['Text'] });
  return parsed.success ? parsed.data : undefined;
};
