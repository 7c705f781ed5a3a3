import type {
  ActionClass,
  DeliveryRequest,
  EffectClass,
  ErrorRule,
  Json,
  Mode,
  Priority,
  SlaClass,
} from '@throughline/contracts';

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
  /** JSON Schema of the input. */
  readonly inputSchema?: Json;
  /** Nothing is started unless a preflight finds no error. */
  readonly preflight?: 'required';
  /** `secret://<name>`: have to be there. */
  readonly secrets?: readonly string[];
  /** Whoever starts it over HTTP has to have them all. */
  readonly requiredRoles?: readonly string[];
  /** Where the result of every execution goes. */
  readonly delivery?: DeliveryRequest;
  /** What to do about errors, the first that fits. */
  readonly errorRules?: readonly ErrorRule[];
}

/** The assets that a task locks while an attempt at it runs. */
export interface Mutex {
  /** Of a JSONPath state an object with `Assets` or `Assets.$`; of a JSONata state the names, or expressions for them. */
  readonly assets: Json;
  /** Longest wait for all locks together. */
  readonly waitMs?: number;
}

export interface TaskExtension {
  readonly effectClass?: EffectClass;
  readonly actionClass?: ActionClass;
  readonly priority?: Priority;
  readonly mutex?: Mutex;
  readonly secrets?: readonly string[];
  readonly requiredRoles?: readonly string[];
  /** Of an approval task only. */
  readonly approval?: ApprovalRule;
}
