import type { Path, Transition } from '../machine.ts';
import type { Fields } from './fields.ts';

/** Fields that several state types have, with their readers. */

export const NAMING_FIELDS = ['Type', 'Comment', 'QueryLanguage'] as const;
export const INPUT_OUTPUT_FIELDS = ['InputPath', 'OutputPath'] as const;
export const TRANSITION_FIELDS = ['Next', 'End'] as const;

/** The data flow of a state that has no result of its own. */
export const readInputOutput = (fields: Fields) => ({
  queryLanguage: 'JSONPath' as const,
  resultPath: '$' as Path, // `$` always compiles
  inputPath: fields.pathOrNull('InputPath', 'any'),
  outputPath: fields.pathOrNull('OutputPath', 'any'),
});

/** Exactly one of `Next` and `"End": true`. */
export const readTransition = (fields: Fields): Transition => {
  const ends = fields.flag('End') ?? false;
  const next = fields.target('Next');
  if (ends && fields.has('Next')) fields.fault('End', 'BAD_TRANSITION', 'Write either "Next" or "End", not both.');
  if (!ends && !fields.has('Next')) {
    fields.fault(undefined, 'BAD_TRANSITION', 'Say where the state goes: "Next", or "End": true.');
  }
  return ends ? { kind: 'end' } : { kind: 'next', state: next };
};
