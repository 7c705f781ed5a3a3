import type { Machine } from '@throughline/asl';
import { tasksOf } from './classification/classify.ts';

/** The roles that a machine and its states ask for of whoever starts it. */
export const requiredRoles = (machine: Machine): readonly string[] => {
  const asked = [machine.extension, ...tasksOf(machine).map(({ extension }) => extension)];
  return [...new Set(asked.flatMap((extension) => extension?.requiredRoles ?? []))];
};
