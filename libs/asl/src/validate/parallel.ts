import type { ParallelState } from '../machine.ts';
import { readHandlers } from './error-handling.ts';
import type { Fields } from './fields.ts';
import { knownFields, readDataFlow, readTransition } from './state-fields.ts';

const FIELDS = knownFields('Parallel', { both: ['Branches', 'Retry', 'Catch'] });

export const readParallel = (name: string, fields: Fields): ParallelState => {
  fields.allow(FIELDS);
  const branches = fields.require('Branches') ? fields.objects('Branches') : [];
  if (branches.length === 0 && Array.isArray(fields.value('Branches'))) {
    fields.fault('Branches', 'BAD_BRANCHES', '"Branches" needs one branch or more.');
  }
  return {
    type: 'Parallel',
    name,
    ...fields.comment(),
    ...readDataFlow('Parallel', fields),
    branches: branches.map((branch) => fields.reading.readFlow(branch, 'branch')),
    ...readHandlers(fields),
    transition: readTransition(fields),
  };
};
