import type { ActionClass, DeliveryRequest, EffectClass, Mode, Priority, SlaClass } from '@throughline/contracts';

/** What stands under `Throughline`: everything of a definition that is not Amazon's. */

/** Whose agreement is waited for, by a state or before the first state. */
export interface ApprovalRule {
  /** So many different approvers have to agree. */
  readonly required: number;
  /** Who may decide: whoever has one of these roles … */
  readonly roles: readonly string[];
  /** … or is named here. Where both are empty, everybody with the permission to approve. */
  readonly approvers: readonly string[];
  readonly expiresMs?: number;
  /** Whether those who agree have to sign the content hash. */
  readonly signature: 'none' | 'optional' | 'required';
}

export interface MachineExtension {
  /** The whole execution waits for it. */
  readonly approval?: ApprovalRule;
  readonly sla?: SlaClass;
  readonly actionClass?: ActionClass;
  readonly mode?: Mode;
  readonly priority?: Priority;
  /** Where the result of every execution goes. */
  readonly delivery?: DeliveryRequest;
}

export interface TaskExtension {
  readonly effectClass?: EffectClass;
  readonly actionClass?: ActionClass;
  readonly priority?: Priority;
  /** Of an approval task only. */
  readonly approval?: ApprovalRule;
}
