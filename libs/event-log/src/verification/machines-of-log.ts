import { parseMachine } from '@throughline/asl';
import type { Commit, Tenant } from '@throughline/contracts';
import {
  type AnyState,
  type ResolvedMachine,
  workflowRef,
  type WorkflowState,
  workflowVersionOf,
} from '@throughline/execution';
import { fold, type ResolveMachine } from '@throughline/history';
import type { EventLog } from '../event-log.ts';

/** Parsed definitions that are kept. */
const MACHINES_MAX = 200;

interface Named {
  readonly name: string;
  readonly version: number;
}

/** Every version of a workflow that a commit of an execution was, or is to be, decided by. */
export const workflowsOf = (commit: Commit, before?: AnyState): readonly Named[] => {
  if (commit.aggregate !== 'execution') return [];
  const pinned = before && 'start' in before ? before.start?.workflow : undefined;
  const named = commit.events.flatMap((event) => ('workflow' in event ? [event.workflow] : []));
  return pinned ? [pinned, ...named] : named;
};

/**
 * Versions of workflows as the log has them, read and parsed for whoever decides recorded commands again: what a running
 * engine keeps in its caches is not asked. Bounded; whoever resolves has to have asked for it right before.
 */
export class MachinesOfLog {
  readonly #log: EventLog;
  readonly #machines = new Map<string, ResolvedMachine | undefined>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  async need(tenant: Tenant, workflows: readonly Named[]): Promise<void> {
    for (const { name, version } of workflows) {
      const key = keyOf(tenant, name, version);
      if (this.#machines.has(key)) continue;
      this.#machines.set(key, await readVersion(this.#log, tenant, name, version));
      const oldest = this.#machines.keys().next();
      if (this.#machines.size > MACHINES_MAX && !oldest.done) this.#machines.delete(oldest.value);
    }
  }

  /** Undefined where the log does not have the version: what needed it is then found to be divergent. */
  resolverOf(tenant: Tenant): ResolveMachine {
    return (name, version) => this.#machines.get(keyOf(tenant, name, version));
  }
}

/** A version as it was registered, read from the log and parsed now. Undefined where the log does not have it. */
export const readVersion = async (
  log: EventLog,
  tenant: Tenant,
  name: string,
  version: number,
): Promise<ResolvedMachine | undefined> => {
  const read = await log.read(workflowRef(tenant, name));
  if (read.kind === 'unreadable') return undefined;
  const found = fold<WorkflowState>(read.commits);
  const registered = found?.name === name ? workflowVersionOf(found, version) : undefined;
  if (!registered) return undefined;
  const parsed = parseMachine(registered.definition);
  return parsed.ok ? { name, version, hash: registered.hash, machine: parsed.machine } : undefined;
};

const keyOf = (tenant: Tenant, name: string, version: number): string => `${tenant}/${version}/${name}`;
