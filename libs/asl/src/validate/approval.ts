import type { ApprovalRule } from '../extension.ts';
import { SECONDS_MAX } from '../seconds.ts';
import type { Fields } from './fields.ts';

export const APPROVAL_FIELD = 'Approval';
const APPROVERS_MAX = 50;

/** `"Approval": { "Required": 2, "Roles": ["ops"], "ExpiresSeconds": 3600, "Signature": "required" }` */
export const readApproval = (extension: Fields | undefined): { readonly approval?: ApprovalRule } => {
  const fields = extension?.object(APPROVAL_FIELD);
  if (!fields) return {};
  fields.allowOnly(['Required', 'Roles', 'Approvers', 'ExpiresSeconds', 'Signature']);
  const required = fields.integer('Required', 1, APPROVERS_MAX) ?? 1;
  const roles = readNames(fields, 'Roles');
  const approvers = readNames(fields, 'Approvers');
  const expires = fields.integer('ExpiresSeconds', 1, SECONDS_MAX);
  if (approvers.length > 0 && roles.length === 0 && approvers.length < required) {
    fields.fault('Required', 'OUT_OF_RANGE', `"Required" cannot be more than the ${approvers.length} approvers named.`);
  }
  const approval = {
    required,
    roles,
    approvers,
    ...(expires !== undefined && { expiresMs: expires * 1_000 }),
    signature: fields.oneOf('Signature', ['none', 'optional', 'required']),
  };
  return { approval };
};

const readNames = (fields: Fields, name: string): readonly string[] => {
  const names = [...new Set(fields.texts(name))];
  if (names.length > APPROVERS_MAX) fields.fault(name, 'OUT_OF_RANGE', `"${name}" may have ${APPROVERS_MAX} entries.`);
  return names;
};
