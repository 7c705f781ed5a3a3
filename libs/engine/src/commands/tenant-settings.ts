import type { SlaClass, ActionClass, Tenant, TimeoutPolicy } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { foldCommit, policyKey, tenantDecider, tenantRef, type TenantState } from '@throughline/execution';
import { UndecidableError } from './undecidable.ts';

interface Entry {
  readonly state: TenantState;
  readonly readAtMs: number;
}

/** Another orchestrator may have decided an edit: what is older than this is looked at again. */
const MAX_AGE_MS = 1_000;
const TENANTS_MAX = 1_000;

/** The settings of the tenants that classified executions are started for, folded from the log. */
export class TenantSettings {
  private readonly log: EventLog;
  private readonly nowMs: () => number;
  private readonly entries = new Map<Tenant, Entry>();

  constructor(log: EventLog, nowMs: () => number = Date.now) {
    this.log = log;
    this.nowMs = nowMs;
  }

  /** Undefined where the default applies. */
  async editedPolicy(tenant: Tenant, slaClass: SlaClass, actionClass: ActionClass): Promise<TimeoutPolicy | undefined> {
    return (await this.stateOf(tenant)).policies[policyKey(slaClass, actionClass)]?.policy;
  }

  async stateOf(tenant: Tenant): Promise<TenantState> {
    const known = this.entries.get(tenant);
    return known && this.nowMs() - known.readAtMs < MAX_AGE_MS ? known.state : this.latest(tenant);
  }

  /** As the log has it this moment: what somebody who has just set something must see. */
  async latest(tenant: Tenant): Promise<TenantState> {
    const known = this.entries.get(tenant);
    const now = this.nowMs();
    const ref = tenantRef(tenant);
    const read = await this.log.read(ref, known ? { fromSeq: known.state.seq + 1 } : {});
    if (read.kind === 'unreadable') throw new UndecidableError(read.code, `tenant ${tenant}: ${read.problem}`);
    const state = read.commits.reduce<TenantState>(foldCommit, known?.state ?? tenantDecider.initial(ref));
    this.keep(tenant, { state, readAtMs: now });
    return state;
  }

  /** Takes in an edit that this process just committed: the next start goes by it. */
  remember(state: TenantState): void {
    this.keep(state.ref.tenant, { state, readAtMs: this.nowMs() });
  }

  private keep(tenant: Tenant, entry: Entry): void {
    this.entries.delete(tenant);
    this.entries.set(tenant, entry);
    if (this.entries.size <= TENANTS_MAX) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }
}
