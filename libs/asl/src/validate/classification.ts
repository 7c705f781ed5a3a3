import { ACTION_CLASSES, MODES, PRIORITIES, SLA_CLASSES } from '@throughline/contracts';
import type { MachineExtension, TaskExtension } from '../extension.ts';
import type { Fields } from './fields.ts';

/** What a definition says of how soon, how grave and how urgent it is. */
export const MACHINE_CLASSIFICATION = ['Sla', 'ActionClass', 'Mode', 'Priority'];
export const TASK_CLASSIFICATION = ['ActionClass', 'Priority'];

type OfMachine = Pick<MachineExtension, 'sla' | 'actionClass' | 'mode' | 'priority'>;
type OfTask = Pick<TaskExtension, 'actionClass' | 'priority'>;

export const readMachineClassification = (extension: Fields): OfMachine => {
  const sla = oneOf(extension, 'Sla', SLA_CLASSES);
  const mode = oneOf(extension, 'Mode', MODES);
  return { ...(sla && { sla }), ...(mode && { mode }), ...readTaskClassification(extension) };
};

export const readTaskClassification = (extension: Fields | undefined): OfTask => {
  const actionClass = oneOf(extension, 'ActionClass', ACTION_CLASSES);
  const priority = oneOf(extension, 'Priority', PRIORITIES);
  return { ...(actionClass && { actionClass }), ...(priority && { priority }) };
};

/** Absent stays absent: nothing is assumed of a definition that does not say. */
const oneOf = <T extends string>(
  fields: Fields | undefined,
  name: string,
  allowed: readonly [T, ...T[]],
): T | undefined => (fields?.has(name) === true ? fields.oneOf(name, allowed) : undefined);
