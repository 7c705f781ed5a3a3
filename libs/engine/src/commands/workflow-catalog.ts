import { parseMachine } from '@throughline/asl';
import type { AggregateRef, Tenant } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import {
  foldCommit,
  type ResolvedMachine,
  workflowDecider,
  workflowRef,
  workflowVersionOf,
  type WorkflowState,
  type WorkflowVersion,
} from '@throughline/execution';
import { UndecidableError } from './undecidable.ts';

interface Entry {
  readonly state: WorkflowState;
  readonly readAtMs: number;
}

export interface WorkflowCatalogOptions {
  /** Another orchestrator may have registered a version: what is older than this is read again before "latest" is used. */
  readonly maxAgeMs?: number;
  readonly workflowsMax?: number;
  readonly nowMs?: () => number;
}

/** The versions of every workflow that executions asked for lately, folded from the log and parsed once. */
export class WorkflowCatalog {
  private readonly log: EventLog;
  private readonly maxAgeMs: number;
  private readonly workflowsMax: number;
  private readonly nowMs: () => number;
  private readonly entries = new Map<string, Entry>();
  private readonly machines = new Map<string, ResolvedMachine>();

  constructor(log: EventLog, options: WorkflowCatalogOptions = {}) {
    this.log = log;
    this.maxAgeMs = options.maxAgeMs ?? 1_000;
    this.workflowsMax = options.workflowsMax ?? 1_000;
    this.nowMs = options.nowMs ?? Date.now;
  }

  /** A version, or the latest one; undefined where the log knows no such workflow or version. */
  async resolve(tenant: Tenant, name: string, version?: number): Promise<ResolvedMachine | undefined> {
    const key = `${tenant}/${name}`;
    if (version !== undefined) {
      const known = this.machines.get(`${key}/${version}`);
      if (known) return known;
    }
    const found = await this.find(tenant, name, version);
    return found && this.machineOf(key, name, found);
  }

  /** A version with its definition, as it was registered. */
  async versionOf(
    tenant: Tenant,
    name: string,
    version?: number,
  ): Promise<(WorkflowVersion & { readonly states: number }) | undefined> {
    const found = await this.find(tenant, name, version);
    if (!found) return undefined;
    return { ...found, states: this.machineOf(`${tenant}/${name}`, name, found).machine.stateCount };
  }

  private async find(tenant: Tenant, name: string, version?: number): Promise<WorkflowVersion | undefined> {
    const state = await this.stateOf(workflowRef(tenant, name));
    return state?.name === name ? workflowVersionOf(state, version) : undefined;
  }

  private async stateOf(ref: AggregateRef): Promise<WorkflowState | undefined> {
    const key = `${ref.tenant}/${ref.aggregateId}`;
    const known = this.entries.get(key);
    const now = this.nowMs();
    if (known && now - known.readAtMs < this.maxAgeMs) return known.state;
    const read = await this.log.read(ref, known ? { fromSeq: known.state.seq + 1 } : {});
    if (read.kind === 'unreadable')
      throw new UndecidableError(read.code, `workflow ${ref.aggregateId}: ${read.problem}`);
    let state = known?.state ?? workflowDecider.initial(ref);
    for (const logged of read.commits) state = foldCommit(state, logged);
    if (state.version === 0) return undefined;
    bounded(this.entries, this.workflowsMax).set(key, { state, readAtMs: now });
    return state;
  }

  /** Takes in a registration that this process just committed: the next start sees it at once. */
  remember(state: WorkflowState): void {
    const key = `${state.ref.tenant}/${state.ref.aggregateId}`;
    bounded(this.entries, this.workflowsMax).set(key, { state, readAtMs: this.nowMs() });
  }

  private machineOf(key: string, name: string, found: WorkflowVersion): ResolvedMachine {
    const versionKey = `${key}/${found.version}`;
    const known = this.machines.get(versionKey);
    if (known) return known;
    const parsed = parseMachine(found.definition);
    // It was validated before it was committed; a build that no longer accepts it must not guess.
    if (!parsed.ok)
      throw new Error(`workflow ${name} version ${found.version} does not parse: ${parsed.faults[0]?.message}`);
    const resolved = { name, version: found.version, hash: found.hash, machine: parsed.machine };
    bounded(this.machines, this.workflowsMax).set(versionKey, resolved);
    return resolved;
  }
}

/** Drops the oldest entry when the map is full: definitions are read again from the log when asked for again. */
const bounded = <V>(map: Map<string, V>, max: number): Map<string, V> => {
  if (map.size >= max) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  return map;
};
