import { commandIdSchema, problemOfEvents, type SentCommand } from '@throughline/contracts';
import {
  type AnyState,
  decideRound,
  type Decider,
  deciderOf,
  DEFAULT_LIMITS,
  type ExecutionState,
  type Limits,
  type ResolvedMachine,
  type Round,
  type ScheduleState,
} from '@throughline/execution';
import type { Preflight } from '../preflight.ts';
import { completeStart, type StartCommand, type StartParts } from './complete-start.ts';
import type { ReceivedCommand } from './received-command.ts';
import type { DecideSpan } from './decide-span.ts';
import type { TenantSettings } from './tenant-settings.ts';
import { foundForSchedule, type Surroundings } from '../schedules/found-for-schedule.ts';
import { UndecidableError } from './undecidable.ts';
import type { WorkflowCatalog } from './workflow-catalog.ts';

type MigrateCommand = Extract<SentCommand, { type: 'MigrateExecution' }>;

/** What decide sees of a sent command: the span that decides it takes the place of the sender's, so effects continue it. */
type Recordable = SentCommand & { readonly at: ReceivedCommand['at']; readonly seed: string };

export interface DecidingParts extends Surroundings {
  readonly settings: TenantSettings;
  readonly preflight: Preflight;
  /** Names the commit. */
  readonly newId: () => string;
  /** The rules' own where it is left out. What others decide can be decided again with those alone: they are for trying out how rounds end. */
  readonly limits?: Limits | undefined;
}

/**
 * Fetches the definitions that the commands need, and what else has to be recorded with them, then decides them as one round.
 * Pure but for that fetch and the commit's name.
 */
export const decide = async (
  parts: DecidingParts,
  state: AnyState,
  batch: readonly ReceivedCommand[],
  spans: readonly DecideSpan[],
): Promise<Round<AnyState>> => {
  if (isSchedule(state)) {
    const [first, ...later] = batch;
    if (!first) throw new Error('an empty round');
    // What is found out for a command rests on the state right before it: one in a round.
    const command = await foundForSchedule(first.command, first.at, state, parts);
    const round = decideAll(new Map(), state, [{ ...first, command }], spans, parts);
    return { ...round, outcomes: [...round.outcomes, ...later.map(() => ({ kind: 'deferred' }) as const)] };
  }
  const machines = await machinesFor(parts.catalog, state, batch);
  return decideAll(machines, state, await completeStarts(parts, state, batch, machines), spans, parts);
};

const isSchedule = (state: AnyState): state is ScheduleState => state.ref.aggregate === 'schedule';

const decideAll = (
  machines: ReadonlyMap<string | undefined, ResolvedMachine>,
  state: AnyState,
  batch: readonly ReceivedCommand[],
  spans: readonly DecideSpan[],
  { newId, limits = DEFAULT_LIMITS }: Pick<DecidingParts, 'newId' | 'limits'>,
): Round<AnyState> => {
  const pending = batch.map(({ command, at }, index) => {
    const { v: _v, replyTo: _replyTo, traceparent, ...given } = command;
    const continued = spans[index]?.traceparent ?? traceparent;
    return { command: { ...given, ...(continued === undefined ? {} : { traceparent: continued }) }, at };
  });
  // The cast joins the decider with its own aggregate's commands: the subject's aggregate chose the schema they passed.
  const decider = deciderOf<AnyState>(state.ref.aggregate) as unknown as Decider<AnyState, Recordable, unknown>;
  try {
    return readable(
      decideRound(decider, state, pending as never, {
        commitId: commandIdSchema.parse(newId()),
        limits,
        machineOf: (current, command) => machines.get(machineKey(current, command)),
      }),
    );
  } catch (thrown) {
    // Deciding is pure: what it throws once, it throws every time.
    throw new UndecidableError(
      'TL0007',
      `deciding failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
};

/** A commit that no reader could parse would stop the read models of every tenant: it is never written. */
const readable = (round: Round<AnyState>): Round<AnyState> => {
  const problem = round.draft && problemOfEvents(round.draft);
  if (problem !== undefined) throw new Error(`its commit could not be read again: ${problem}`);
  return round;
};

const startOf = (state: AnyState): ExecutionState['start'] => ('start' in state ? state.start : null);

/** Once started, an execution is pinned: of several starts in one round, the one that was accepted counts. */
const machineKey = (state: AnyState, command: Pick<SentCommand, 'type' | 'body'>): string | undefined => {
  const start = startOf(state);
  if (start) return versionKey({ ...start.workflow, ...versionMovedTo(command) });
  return command.type === 'StartExecution' ? startKey(command as StartCommand) : undefined;
};

/** A move is decided by the version that it leads to. */
const versionMovedTo = (command: Pick<SentCommand, 'type' | 'body'>): { version: number } | undefined =>
  command.type === 'MigrateExecution' ? { version: (command as MigrateCommand).body.version } : undefined;

const startKey = ({ body }: Pick<StartCommand, 'body'>): string => `${body.workflow}/${body.version ?? 'latest'}`;

const versionKey = ({ name, version }: Pick<ResolvedMachine, 'name' | 'version'>): string => `${name}/${version}`;

const machinesFor = async (
  catalog: WorkflowCatalog,
  state: AnyState,
  batch: readonly ReceivedCommand[],
): Promise<Map<string | undefined, ResolvedMachine>> => {
  const machines = new Map<string | undefined, ResolvedMachine>();
  if (state.ref.aggregate !== 'execution') return machines;
  const { tenant } = state.ref;
  const start = startOf(state);
  if (start) {
    const movedTo = batch.flatMap(({ command }) => versionMovedTo(command)?.version ?? []);
    for (const version of [start.workflow.version, ...movedTo]) {
      const pinned = await catalog.resolve(tenant, start.workflow.name, version);
      if (pinned) machines.set(versionKey(pinned), pinned);
    }
    return machines;
  }
  for (const { command } of batch) {
    if (command.type !== 'StartExecution') continue;
    const resolved = await catalog.resolve(tenant, command.body.workflow, command.body.version);
    if (!resolved) continue;
    machines.set(startKey(command), resolved);
    // Commands behind the start in the same round are decided by the version that it pins.
    machines.set(versionKey(resolved), resolved);
  }
  return machines;
};

const completeStarts = async (
  parts: StartParts,
  state: AnyState,
  batch: readonly ReceivedCommand[],
  machines: ReadonlyMap<string | undefined, ResolvedMachine>,
): Promise<readonly ReceivedCommand[]> => {
  if (state.ref.aggregate !== 'execution' || startOf(state)) return batch;
  const { tenant } = state.ref;
  return Promise.all(
    batch.map(async (received) => {
      const { command } = received;
      const machine = command.type === 'StartExecution' ? machines.get(startKey(command)) : undefined;
      if (command.type !== 'StartExecution' || !machine) return received;
      const completed = await completeStart(parts, tenant, command, machine);
      return completed === command ? received : { ...received, command: completed };
    }),
  );
};
