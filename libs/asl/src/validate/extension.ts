import { EFFECT_CLASSES, type EffectClass } from '@throughline/contracts';
import type { MachineExtension, TaskExtension } from '../extension.ts';
import type { TaskResource } from '../machine.ts';
import { MUTEX_FIELDS, readMutex } from './throughline-mutex.ts';
import { APPROVAL_FIELD, readApproval } from './approval.ts';
import {
  MACHINE_CLASSIFICATION,
  readMachineClassification,
  readTaskClassification,
  TASK_CLASSIFICATION,
} from './classification.ts';
import type { Fields } from './fields.ts';
import { ERROR_RULES_FIELD, readErrorRules } from './recommended-actions.ts';
import { MACHINE_PREFLIGHT, readMachinePreflight, readTaskPreflight, TASK_PREFLIGHT } from './preflight.ts';
import { readDelivery } from './throughline-delivery.ts';

/** The one key of a definition under which everything stands that is not Amazon's. */
export const EXTENSION_FIELD = 'Throughline';

const TASK_KEYS = {
  both: ['EffectClass', MUTEX_FIELDS.plain, APPROVAL_FIELD, ...TASK_CLASSIFICATION, ...TASK_PREFLIGHT],
  JSONPath: [MUTEX_FIELDS.path],
};
const MACHINE_KEYS = [APPROVAL_FIELD, 'Delivery', ERROR_RULES_FIELD, ...MACHINE_CLASSIFICATION, ...MACHINE_PREFLIGHT];

export const readMachineExtension = (fields: Fields): { readonly extension?: MachineExtension } => {
  const extension = fields.object(EXTENSION_FIELD);
  if (!extension) return {};
  extension.allowOnly(MACHINE_KEYS);
  const delivery = readDelivery(extension);
  return {
    extension: {
      ...readApproval(extension),
      ...readMachineClassification(extension),
      ...readMachinePreflight(extension),
      ...(delivery && { delivery }),
      ...readErrorRules(extension),
    },
  };
};

export const readTaskExtension = (fields: Fields, resource: TaskResource): TaskExtension => {
  const extension = fields.object(EXTENSION_FIELD);
  extension?.allow(TASK_KEYS);
  const { approval } = readApproval(extension);
  if (resource.kind === 'approval' && !approval) {
    const at = extension ?? fields;
    const message = 'A task "tl:approval" says who has to agree: "Throughline": { "Approval": { … } }.';
    at.fault(extension ? APPROVAL_FIELD : EXTENSION_FIELD, 'MISSING_FIELD', message);
  }
  if (resource.kind !== 'approval' && approval) {
    const message = 'Only a task with the Resource "tl:approval", or the machine, has an "Approval".';
    extension?.fault(APPROVAL_FIELD, 'UNKNOWN_FIELD', message);
  }
  const effectClass = readEffectClass(extension);
  return {
    ...(effectClass && { effectClass }),
    ...readMutex(extension),
    ...(approval && { approval }),
    ...readTaskClassification(extension),
    ...readTaskPreflight(extension),
  };
};

const isEffectClass = (text: string): text is EffectClass => (EFFECT_CLASSES as readonly string[]).includes(text);

const readEffectClass = (extension: Fields | undefined): EffectClass | undefined => {
  const text = extension?.text('EffectClass');
  if (text === undefined || isEffectClass(text)) return text;
  extension?.fault('EffectClass', 'OUT_OF_RANGE', `"EffectClass" has to be one of ${EFFECT_CLASSES.join(', ')}.`);
  return undefined;
};
