import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import type { Template } from '../machine.ts';
import { PATH_FIELD_ENDING } from '../template.ts';
import { type Fields, quoted, type Variables } from './fields.ts';
import { readTemplate } from './template.ts';

const VARIABLE_LENGTH_MAX = 80;
/** As Unicode has identifiers; a leading underscore is none of them. */
const VARIABLE = /^\p{ID_Start}\p{ID_Continue}*$/u;
/** `$states` is what the interpreter says of the state. */
const RESERVED = 'states';

const plainName = (name: string, language: string): string =>
  language === 'JSONPath' && name.endsWith(PATH_FIELD_ENDING) ? name.slice(0, -PATH_FIELD_ENDING.length) : name;

const isAssignedIn = (scope: Variables | undefined, name: string): boolean =>
  scope !== undefined && (scope.names.has(name) || isAssignedIn(scope.outer, name));

const problemOf = (name: string, { outer }: Variables): string | undefined => {
  if (name === RESERVED) return '"states" is reserved; choose another name for the variable.';
  if ([...name].length > VARIABLE_LENGTH_MAX) return `A variable's name has at most ${VARIABLE_LENGTH_MAX} characters.`;
  if (!VARIABLE.test(name))
    return `${quoted(name)} is no name of a variable: start with a letter, go on with letters, digits and "_".`;
  return isAssignedIn(outer, name)
    ? `A flow around this one assigns ${quoted(name)}; variables of inner flows need names of their own.`
    : undefined;
};

/** The variables that a state, a rule of a Choice or a catcher assigns. */
export const readAssign = (fields: Fields): { readonly assign?: Template } => {
  const assign = fields.object('Assign');
  if (!assign) return {};
  const { queryLanguage, variables } = fields.reading;
  for (const name of Object.keys(assign.values)) {
    const problem = problemOf(plainName(name, queryLanguage), variables);
    if (problem !== undefined) assign.fault(name, 'BAD_ASSIGN', problem);
  }
  const template = readTemplate(fields, 'Assign');
  return template === undefined ? {} : { assign: template };
};

const namesOf = (holder: Json | undefined): readonly string[] => {
  const assign = isJsonObject(holder) ? holder['Assign'] : undefined;
  return isJsonObject(assign) ? Object.keys(assign).map((name) => plainName(name, 'JSONPath')) : [];
};
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []); // isArray does not narrow to a readonly array

/** The variables that the states of one flow assign, before anything of it is checked. */
export const variablesOf = (states: JsonObject): readonly string[] =>
  Object.values(states).flatMap((state) => {
    if (!isJsonObject(state)) return [];
    return [state, ...listOf(state['Choices']), ...listOf(state['Catch'])].flatMap(namesOf);
  });
