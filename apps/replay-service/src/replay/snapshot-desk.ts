import {
  executionRef,
  type KeptState,
  type ReplacedSnapshot,
  type SnapshotList,
  type SnapshotType,
  type SnapshotFacts,
  snapshotFactsSchema,
  type SnapshotView,
  type Tenant,
} from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { type ExecutionState, initialExecution } from '@throughline/execution';
import { restoreSnapshot, snapshotViewOf, takeSnapshot } from '@throughline/history';
import { z } from 'zod';
import { SNAPSHOT_BYTES_MAX, type SnapshotRow, type SnapshotStore } from '../read-model/snapshot-store.ts';
import { historyPages } from './history-pages.ts';
import type { NotRead, StateReader } from './state-reader.ts';
import { type StepAsked, type StepFound, StepSearch } from './step-places.ts';

type Answer<T> = { readonly kind: 'found'; readonly value: T } | NotRead;

const refusal = (code: NotRead['code'], message: string): NotRead => ({ kind: 'refused', code, message });
const found = <T>(value: T): Answer<T> => ({ kind: 'found', value });

const stepSchema = z.strictObject({ state: z.string(), frame: z.string(), visit: z.int() });

/** Kept states as people ask for them: listed, shown, taken before or after a step. What is wrong is made again. */
export class SnapshotDesk {
  constructor(
    private readonly log: EventLog,
    private readonly store: SnapshotStore,
    private readonly states: StateReader,
  ) {}

  /** Those of the whole history: what is due and not there yet is taken first. */
  async list(tenant: Tenant, executionId: string, type?: SnapshotType): Promise<Answer<SnapshotList>> {
    const key = { tenant, executionId };
    const latest = await this.states.at(tenant, executionId);
    if (latest.kind === 'refused') return latest;
    const replaced: ReplacedSnapshot[] = [...latest.replaced];
    for (const id of await this.store.damaged(key)) {
      replaced.push({ id, problem: 'it is not what its digest was made of' });
      await this.makeAgain(tenant, executionId, id);
    }
    const items = (await this.store.list(key, type)).map((facts) => viewOf(facts));
    return found({ items, replaced });
  }

  async get(tenant: Tenant, executionId: string, id: string): Promise<Answer<KeptState>> {
    const last = await this.log.last(executionRef(tenant, executionId));
    if (last.kind === 'commits' && last.commits.length === 0) return refusal('TL0105', `no execution ${executionId}`);
    const row = await this.store.get({ tenant, executionId }, id);
    if (!row) return refusal('TL0004', `no snapshot ${id} of ${executionId}`);
    const restored = await this.verified(tenant, executionId, row);
    if (restored.ok) return found(keptState(restored, []));
    const replaced = [{ id, problem: restored.problem }];
    await this.makeAgain(tenant, executionId, id);
    const again = await this.store.get({ tenant, executionId }, id);
    const made = again && restoreSnapshot({ tenant, executionId, id }, again);
    if (made?.ok) return found(keptState(made, replaced));
    return refusal('TL0004', `${id} was wrong (${restored.problem}), and the history has nothing to make it of again`);
  }

  async take(tenant: Tenant, executionId: string, asked: StepAsked): Promise<Answer<SnapshotView>> {
    const searched = await this.search(tenant, executionId, asked);
    if (searched.kind === 'refused') return searched;
    const { state, place } = searched.value;
    const kept = takeSnapshot(state, place);
    if (kept.facts.bytes > SNAPSHOT_BYTES_MAX) {
      return refusal(
        'TL0413',
        `the state is ${kept.facts.bytes} bytes: ${SNAPSHOT_BYTES_MAX} are the most that is kept`,
      );
    }
    await this.store.keep(tenant, kept);
    await this.store.thin({ tenant, executionId }, state.version);
    return found(snapshotViewOf(kept.facts));
  }

  /** Also against the log: the commit that it says it stands at is there. */
  private async verified(tenant: Tenant, executionId: string, row: SnapshotRow) {
    const restored = restoreSnapshot({ tenant, executionId, id: row.id }, row);
    if (!restored.ok) return restored;
    const { seq, version, event, commitDigest } = restored.facts;
    const toVersion = event === 0 ? version : version + 1;
    const read = await this.log.read(executionRef(tenant, executionId), { fromSeq: seq, toVersion });
    const at = read.kind === 'commits' ? read.commits[0] : undefined;
    if (at?.seq === seq && at.commit.digest === commitDigest) return restored;
    return { ok: false, problem: 'the log has another commit there' } as const;
  }

  private async makeAgain(tenant: Tenant, executionId: string, id: string): Promise<void> {
    const row = await this.store.get({ tenant, executionId }, id);
    await this.store.drop({ tenant, executionId }, id);
    const version = /^checkpoint-(\d+)\.0$/.exec(id)?.[1];
    // Reading up to a checkpoint's place takes it.
    if (version !== undefined) await this.states.at(tenant, executionId, { kind: 'version', version: Number(version) });
    const asked = row && askedOf(row);
    if (asked) await this.take(tenant, executionId, asked);
  }

  private async search(tenant: Tenant, executionId: string, asked: StepAsked): Promise<Answer<StepFound>> {
    const ref = executionRef(tenant, executionId);
    const search = new StepSearch(asked);
    let state: ExecutionState = initialExecution(ref);
    const pages = historyPages(this.log, ref, { after: 0, to: Number.MAX_SAFE_INTEGER });
    while (!search.found) {
      const next = await pages.next();
      if (next.done) {
        if (next.value) return refusal(next.value.code, `log sequence ${next.value.seq}: ${next.value.problem}`);
        break;
      }
      state = search.take(state, next.value);
    }
    if (search.found) return found(search.found);
    if (state.version === 0) return refusal('TL0105', `no execution ${executionId}`);
    return refusal('TL0412', notThere(asked, search));
  }
}

const notThere = ({ state, frame, visit }: StepAsked, { entered }: StepSearch): string => {
  if (entered) return `'${state}' has been entered and not been left yet`;
  const where = [
    ...(visit === undefined ? [] : [`visit ${visit}`]),
    ...(frame === undefined ? [] : [`frame ${frame}`]),
  ];
  return `the execution has not entered '${state}'${where.length === 0 ? '' : ` (${where.join(', ')})`}`;
};

const askedOf = ({ type, step }: SnapshotRow): StepAsked | undefined => {
  if (step === null || (type !== 'before_step' && type !== 'after_step')) return undefined;
  try {
    const parsed = stepSchema.safeParse(JSON.parse(step));
    return parsed.success ? { type, ...parsed.data } : undefined;
  } catch {
    return undefined; // a hand-edited row: nothing says what it stood for
  }
};

const viewOf = (facts: string): SnapshotView => snapshotViewOf(snapshotFactsSchema.parse(JSON.parse(facts)));

const keptState = (
  { facts, state }: { readonly facts: SnapshotFacts; readonly state: ExecutionState },
  replaced: ReplacedSnapshot[],
): KeptState => ({
  snapshot: snapshotViewOf(facts),
  // A state holds JSON values only; the cast says what its interfaces cannot.
  state: state as unknown as KeptState['state'],
  replaced,
});
