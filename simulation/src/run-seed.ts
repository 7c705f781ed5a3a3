import { parseMachine } from '@throughline/asl';
import { isTerminal, logSubject } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import { type AnyState, type LockState, type ResolvedMachine } from '@throughline/execution';
import type { ReadModel } from '@throughline/projections';
import { checkCommits, type CheckReport } from '@throughline/testkit/checker';
import { beginFaults, heal } from './faults.ts';
import { Process } from './network.ts';
import { checkpointOf, rebuilt } from './projecting.ts';
import type { CommitOnLog } from './simulated-log.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { SimulatedTables } from './simulated-tables.ts';
import { childrenThatRanOn } from './stopped-children.ts';
import { attendTo, beginWork } from './workload.ts';
import { World } from './world.ts';

export interface SeedResult {
  readonly seed: number;
  /** What was promised and does not hold, in words; empty: nothing. */
  readonly violations: readonly string[];
  readonly commits: number;
  readonly executions: number;
  readonly events: number;
  readonly virtualMs: number;
}

const TROUBLE_MS = 60_000;
const LOOK_EVERY_MS = 10_000;
/** After everything works again. What is lost may have to be missed for five minutes before it is asked for again. */
const QUIET_WITHIN_MS = 20 * 60_000;
/** What was on its way when everything began to work has arrived, or is lost. */
const SETTLED_AFTER_MS = 60_000;
const EVENTS_MAX = 400_000;

/** One run of a whole system, from its first command until nothing is left to do, and then what has become of the promises. */
export const runSeed = async (seed: number, models: readonly ReadModel[]): Promise<SeedResult> => {
  const world = new World(seed, models);
  const { time } = world;
  const startMs = time.nowMs;
  beginWork(world);
  const trouble = beginFaults(world, startMs + TROUBLE_MS);
  await runUntil(world, startMs + TROUBLE_MS);
  heal(world);
  const quietSinceMs = trouble ? world.brokerClock.nowMs() + SETTLED_AFTER_MS : startMs;
  const stuck = await runUntilQuiet(world);
  // A timer that nobody needs any more may still fire: that is after the end.
  const commits = [...world.log.commits()];
  // What has come to no end has no state to compare anything with.
  const found = stuck.length > 0 ? stuck : await violationsOf(world, commits, models);
  const violations = [...world.problems, ...found, ...childrenThatRanOn(commits, quietSinceMs)];
  const executions = new Set(
    commits.flatMap(({ commit }) => (commit.aggregate === 'execution' ? [commit.aggregateId] : [])),
  );
  return {
    seed,
    violations: violations.map((violation) => violation.slice(0, 1_000)),
    commits: commits.length,
    executions: executions.size,
    events: time.events,
    virtualMs: time.nowMs - startMs,
  };
};

const runUntil = async (world: World, atMs: number): Promise<void> => {
  let reached = false;
  world.time.after(atMs - world.time.nowMs, () => (reached = true));
  if (!(await world.time.run(() => reached, EVENTS_MAX)))
    world.problems.push(`more than ${EVENTS_MAX} things happened`);
};

/** Looks every few seconds, and helps where people have to. Gives what has come to no end. */
const runUntilQuiet = async (world: World): Promise<readonly string[]> => {
  const untilMs = world.time.nowMs + QUIET_WITHIN_MS;
  for (;;) {
    await runUntil(world, world.time.nowMs + LOOK_EVERY_MS);
    const left = leftToDo(world);
    if (left.length === 0) return [];
    if (world.problems.length > 0) return ['it was not followed to its end'];
    if (world.time.nowMs > untilMs) return left;
  }
};

const leftToDo = (world: World): readonly string[] => {
  const { queues, clients, log, databases } = world;
  const left: string[] = [];
  const waits = (what: string, count: number): void =>
    void (count > 0 && left.push(`never came to an end: ${count} ${what}`));
  waits('commands of clients without an answer', clients.unanswered);
  waits('commands on their queue', queues.commands.messages.size);
  waits('tasks on their queue', queues.tasks.messages.size);
  waits('due timers on their queue', queues.due.messages.size);
  for (const [model, database] of databases) left.push(...behind(model, database, log.lastSeq));
  for (const state of world.states.all()) {
    if ('frames' in state && !isTerminal(state.status as never)) {
      attendTo(world, state);
      left.push(`never came to an end: execution ${state.ref.aggregateId}, ${state.status}`);
    }
    if (state.ref.aggregate === 'lock' && (state as LockState).holder !== null)
      left.push(`never given back: lock ${state.ref.aggregateId}`);
  }
  return left;
};

const behind = ({ schema }: ReadModel, database: SimulatedDatabase, lastSeq: number): readonly string[] => {
  try {
    const seq = checkpointOf(database);
    return seq === lastSeq ? [] : [`never taken in: ${schema} stands at ${seq} of ${lastSeq} commits`];
  } catch {
    return [`never taken in: ${schema} is being written`];
  }
};

const violationsOf = async (
  world: World,
  commits: ReturnType<World['log']['commits']>,
  models: readonly ReadModel[],
): Promise<readonly string[]> => {
  const contents = contentOf(world, models);
  const machines = machinesOf(world.states.all());
  const report = checkCommits(commits, {
    machineOf: () => (name, version) => machines.get(`${name}/${version}`),
    acknowledged: world.clients.acknowledged,
    limits: world.limits,
    quiet: true,
    digestsChecked: true,
  });
  const differing: string[] = [];
  for (const [model, content] of contents)
    differing.push(...(await rowsThatDiffer(world, model, content, commits.length)));
  return [
    ...namedIn(report),
    ...untrueAnswers(world, commits),
    ...deadLetters(world),
    ...foreignResults(world, commits),
    ...differing,
  ];
};

/** An acceptance names the commit that holds the command, and where the log stands. */
const untrueAnswers = ({ clients }: World, commits: readonly CommitOnLog[]): readonly string[] => {
  const byVersion = new Map(commits.map(({ commit, subject }) => [`${subject} ${commit.version}`, commit]));
  return clients.accepted.flatMap(({ ref, sent, answer: { version, seq, duplicate } }) => {
    const subject = logSubject(ref);
    const last = commits[seq - 1];
    const named = byVersion.get(`${subject} ${version}`);
    const held = named?.commands.some(({ id }) => id === sent.id) === true || sent.type === 'StartExecution';
    const fits = duplicate ? (last?.commit.version ?? 0) >= version && held : last?.commit.version === version;
    return last?.subject === subject && named && fits
      ? []
      : [`answer to ${sent.type} ${sent.id} of ${ref.aggregateId} names version ${version} and sequence ${seq}`];
  });
};

const namedIn = ({ promises }: CheckReport): readonly string[] =>
  promises.flatMap(({ promise, named }) => named.map(({ where, problem }) => `${promise}: ${where}: ${problem}`));

const machinesOf = (states: readonly AnyState[]): ReadonlyMap<string, ResolvedMachine> => {
  const machines = new Map<string, ResolvedMachine>();
  for (const state of states) {
    if (!('versions' in state)) continue;
    const { name, versions } = state;
    for (const { version, hash, definition } of versions.values()) {
      const parsed = parseMachine(definition);
      if (parsed.ok && name !== null)
        machines.set(`${name}/${version}`, { name, version, hash, machine: parsed.machine });
    }
  }
  return machines;
};

/** Nothing here is poison: a message that could never be handled is one that the system has made itself. */
const deadLetters = ({ queues: { commands, tasks, due } }: World): readonly string[] =>
  [...commands.dead, ...tasks.dead, ...due.dead].map((why) => `dead letter: ${why}`);

/** What counts as a step's result is what somebody outside has really done. */
const foreignResults = ({ effects }: World, commits: readonly LoggedCommit[]): readonly string[] =>
  commits.flatMap(({ commit }) => {
    if (commit.aggregate !== 'execution') return [];
    return commit.commands.flatMap((command) => {
      if (command.type !== 'CompleteStep' && command.type !== 'CompleteCallback') return [];
      const { token, outputHash } = command.body;
      return effects.has(commit.aggregateId, token, outputHash)
        ? []
        : [`result of ${commit.aggregateId} ${token} that no worker has made`];
    });
  });

/** As the services have them at this moment. */
const contentOf = (world: World, models: readonly ReadModel[]): ReadonlyMap<ReadModel, Content> =>
  new Map(
    models.flatMap((model) => {
      const database = world.databases.get(model);
      return database ? [[model, database.committed().content()] as const] : [];
    }),
  );
type Content = ReturnType<SimulatedTables['content']>;

const rowsThatDiffer = async (
  world: World,
  model: ReadModel,
  kept: Content,
  lastSeq: number,
): Promise<readonly string[]> => {
  const rows = await contentOfRebuild(world, model, lastSeq);
  return [...new Set([...Object.keys(kept), ...Object.keys(rows)])].flatMap((table) => {
    const [is, due] = [kept[table] ?? [], rows[table] ?? []];
    const at = Math.max(
      is.findIndex((row, index) => row !== due[index]),
      is.length < due.length ? 0 : -1,
    );
    if (at === -1) return [];
    return [
      `rows of ${model.schema}.${table} are not the fold: ${is.length} rows, ${due.length} due; ${is[at]} where ${due[at]} is due`,
    ];
  });
};

/** A rebuild reads the log through the same simulated server, so time has to pass for it. */
const contentOfRebuild = async (world: World, model: ReadModel, lastSeq: number): Promise<Content> => {
  let done = false;
  const rebuilding = rebuilt(model, world.log, lastSeq, new Process('rebuild', world.network)).finally(
    () => (done = true),
  );
  // Handled below; until then nobody waits for it.
  rebuilding.catch(() => undefined);
  await world.time.run(() => done, EVENTS_MAX);
  return (await rebuilding).content();
};
