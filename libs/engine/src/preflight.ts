import type { DeliveryRequest, Json, PreflightFinding, Tenant } from '@throughline/contracts';
import type { ResolvedMachine } from '@throughline/execution';

export interface PreflightSubject {
  readonly tenant: Tenant;
  readonly resolved: ResolvedMachine;
  readonly input: Json;
  /** In place of the machine's own. */
  readonly delivery?: DeliveryRequest | undefined;
}

/** Looks at what a start would count on: workers, secrets and the like, which only a process in their midst can see. */
export interface Preflight {
  look(subject: PreflightSubject): Promise<readonly PreflightFinding[]>;
}
