import { executionRef, type StepTask, tenantSchema } from '@throughline/contracts';
import { DEFAULT_LIMITS, type ExecutionState, type Limits } from '@throughline/execution';
import { Chance } from './chance.ts';
import { Clients } from './clients.ts';
import { LogStates } from './log-states.ts';
import { Network, Process } from './network.ts';
import { runOrchestrator } from './orchestrator.ts';
import { runProjection } from './projecting.ts';
import type { ReadModel } from '@throughline/projections';
import { SimulatedDatabase } from './simulated-database.ts';
import { type BrokerClock, SimulatedLog } from './simulated-log.ts';
import { SimulatedQueues } from './simulated-queues.ts';
import { SimulatedTime } from './simulated-time.ts';
import { EffectLedger, runWorker } from './worker.ts';

export const TENANT = tenantSchema.parse('default');
const START_MS = Date.parse('2026-01-31T12:00:00.000Z');
const RESTART_MS = 5_000;
/** Of which 50 are kept for the end of what is under way. */
const ROUND_EVENTS = [53, 60, 1_000, 1_000] as const;

/** Begun again a while after it crashed. */
export interface Program {
  readonly name: string;
  process: Process | undefined;
  readonly begin: (process: Process) => void;
}

/** One system, whole: a broker with its log and queues, databases, and the programs that live on them. */
export class World {
  readonly chance: Chance;
  readonly time = new SimulatedTime(START_MS);
  readonly network: Network;
  readonly brokerClock: BrokerClock & { offMs: number };
  readonly log: SimulatedLog;
  readonly states: LogStates;
  readonly queues: SimulatedQueues;
  readonly clients: Clients;
  readonly effects = new EffectLedger();
  readonly databases = new Map<ReadModel, SimulatedDatabase>();
  readonly programs: Program[] = [];
  /** What one commit may hold: rounds end early in some systems. */
  readonly limits: Limits;
  /** What went wrong while it ran, by name. */
  readonly problems: string[] = [];
  private readonly models: readonly ReadModel[];

  constructor(seed: number, models: readonly ReadModel[]) {
    this.models = models;
    this.chance = new Chance(seed);
    const { time } = this;
    this.brokerClock = { offMs: 0, nowMs: () => time.nowMs + this.brokerClock.offMs };
    this.network = new Network(time, this.chance);
    this.log = new SimulatedLog(this.brokerClock, this.network);
    this.states = new LogStates(this.log);
    this.queues = new SimulatedQueues(this.brokerClock, this.network);
    this.clients = new Clients(this.network, this.chance, this.queues);
    for (const model of models) this.databases.set(model, new SimulatedDatabase());
    this.limits = { ...DEFAULT_LIMITS, roundEventsMax: this.chance.pick(ROUND_EVENTS) };
    this.populate();
  }

  private populate(): void {
    const { chance, log, queues, clients, effects, limits } = this;
    const [orchestrated] = this.models;
    const database = orchestrated && this.databases.get(orchestrated);
    if (!database) throw new Error('the first read model is the one that the reconcilers look into');
    const statesMax = chance.pick([1, 3, 100]);
    const groupMin = chance.pick([2, 2, 32]);
    for (const queue of [queues.commands, queues.tasks, queues.due]) queue.pullEveryMs = chance.pick([0, 40, 400]);
    const reply = clients.reply;
    // Two deciders of the same queue: only the fence on the log keeps them apart.
    for (let count = chance.between(1, 2); count > 0; count -= 1) {
      this.add(`orchestrator-${count}`, (process) =>
        runOrchestrator({
          process,
          chance,
          log,
          queues,
          database,
          statesMax,
          groupMin,
          limits,
          standingStillMs: 10_000,
          reply,
        }),
      );
    }
    for (const [model, database] of this.databases) {
      const batchMax = chance.pick([1, 5, 1_000]);
      const onProblem = (problem: string): void => void this.problems.push(`projection: ${problem}`);
      for (let count = chance.oneIn(4) ? 2 : 1; count > 0; count -= 1) {
        this.add(`${model.schema}-${count}`, (process) => {
          void runProjection({ process, chance, log, database, model, batchMax, onProblem });
        });
      }
    }
    const onRefused = (task: StepTask, code: string): void => this.refused(task, code);
    for (let count = chance.between(1, 2); count > 0; count -= 1) {
      this.add(`worker-${count}`, (process) => runWorker({ process, chance, queues, clients, effects, onRefused }));
    }
  }

  private add(name: string, begin: (process: Process) => void): void {
    const program: Program = { name, process: undefined, begin };
    this.programs.push(program);
    this.begin(program);
  }

  private begin(program: Program): void {
    const process = new Process(program.name, this.network, () => {
      this.network.time.after(this.chance.between(10, RESTART_MS), () => this.begin(program));
    });
    program.process = process;
    program.begin(process);
  }

  /** A refusal for good, where the log shows at this moment that the attempt is awaited, has thrown a result away. */
  private refused(task: StepTask, code: string): void {
    // What awaits a callback is handed on once, and a second delivery of its task is told so.
    if (this.execution(task.executionId).attempts.get(task.token)?.awaits === 'result')
      this.problems.push(`result of ${task.executionId} ${task.token} refused (${code}) while its attempt is open`);
  }

  execution(id: string): ExecutionState {
    return this.states.execution(executionRef(TENANT, id));
  }
}
