import { randomUUID } from 'node:crypto';
import { parseMachine } from '@throughline/asl';
import {
  type AggregateRef,
  type Command,
  commandIdSchema,
  executionRef,
  instantSchema,
  isDecidedAggregate,
  type Json,
  type SentCommand,
  sentCommandSchemas,
  type Tenant,
  tenantSchema,
} from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import {
  type AnyState,
  canonicalHash,
  decideRound,
  deciderOf,
  DEFAULT_LIMITS,
  type ExecutionState,
  foldCommit,
  openAttempts,
  type ResolvedMachine,
  workflowRef,
} from '@throughline/execution';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export interface StartOptions {
  readonly input?: Json;
  readonly parentExecutionId?: string;
  readonly rootExecutionId?: string;
  readonly correlationId?: string;
}

/**
 * Writes real decisions on a real log, one command per commit, as an orchestrator would: for specs of the services
 * that only read the log.
 */
export class LogAuthor {
  readonly tenant: Tenant;
  readonly #log: EventLog;
  readonly #machines = new Map<string, ResolvedMachine>();

  constructor(log: EventLog, tenant = 'default') {
    this.#log = log;
    this.tenant = tenantSchema.parse(tenant);
  }

  async register(name: string, definition: Json): Promise<LoggedCommit> {
    const parsed = parseMachine(definition);
    if (!parsed.ok) throw new Error(`the definition is not valid: ${JSON.stringify(parsed.faults)}`);
    const logged = await this.tell(workflowRef(this.tenant, name), {
      type: 'RegisterWorkflow',
      body: { name, definition },
    });
    const version = logged.commit.version; // each registers a version of its own
    const machine = { name, version, hash: canonicalHash(definition), machine: parsed.machine };
    this.#machines.set(name, machine).set(`${name}/${version}`, machine);
    return logged;
  }

  start(workflow: string, executionId: string, { input = {}, ...relatives }: StartOptions = {}): Promise<LoggedCommit> {
    const trigger = relatives.parentExecutionId === undefined ? 'manual' : 'child';
    return this.tell(executionRef(this.tenant, executionId), {
      type: 'StartExecution',
      // The schema that every command goes through brands these texts.
      body: { workflow, input, trigger, ...relatives } as Extract<Command, { type: 'StartExecution' }>['body'],
    });
  }

  /** Completes the step that the execution has waited for longest. */
  async complete(executionId: string, output: Json): Promise<LoggedCommit> {
    const ref = executionRef(this.tenant, executionId);
    // The state is that of the aggregate that `ref` names.
    const [attempt] = openAttempts((await this.#fold(ref)) as ExecutionState);
    if (!attempt) throw new Error(`no step of ${executionId} is open`);
    const at = instantSchema.parse(new Date().toISOString());
    return this.tell(ref, {
      type: 'CompleteStep',
      body: {
        token: attempt.token,
        output,
        outputHash: canonicalHash(output),
        startedAt: at,
        finishedAt: at,
        worker: 'spec',
      },
    });
  }

  /** Fails the step that the execution has waited for longest. */
  async fail(executionId: string, error: string): Promise<LoggedCommit> {
    const ref = executionRef(this.tenant, executionId);
    const [attempt] = openAttempts((await this.#fold(ref)) as ExecutionState); // as in complete
    if (!attempt) throw new Error(`no step of ${executionId} is open`);
    const at = instantSchema.parse(new Date().toISOString());
    const times = { startedAt: at, finishedAt: at, worker: 'spec' };
    return this.tell(ref, { type: 'FailStep', body: { token: attempt.token, error, ...times } });
  }

  async cancel(executionId: string): Promise<LoggedCommit> {
    return this.tell(executionRef(this.tenant, executionId), { type: 'CancelExecution', body: {} });
  }

  /** Decides a command and appends its commit; throws where it is refused. */
  async tell(ref: AggregateRef, command: Command, sent: Partial<SentCommand> = {}): Promise<LoggedCommit> {
    if (!isDecidedAggregate(ref.aggregate)) throw new Error(`nothing decides ${ref.aggregate} aggregates`);
    const envelope = { v: 1, id: randomUUID(), actor: { kind: 'user', id: 'spec' }, traceparent: TRACEPARENT };
    const {
      v: _v,
      replyTo: _replyTo,
      ...given
    } = sentCommandSchemas[ref.aggregate].parse({ ...envelope, ...command, ...sent });
    const round = decideRound(
      deciderOf<AnyState>(ref.aggregate),
      await this.#fold(ref),
      [{ command: given as never, at: instantSchema.parse(new Date().toISOString()) }],
      {
        commitId: commandIdSchema.parse(randomUUID()),
        limits: DEFAULT_LIMITS,
        machineOf: (state) => this.#machineOf(state, command),
      },
    );
    if (!round.draft) throw new Error(`${command.type} was not accepted: ${JSON.stringify(round.outcomes)}`);
    const [outcome] = await this.#log.append([round.draft]);
    if (outcome?.kind !== 'appended') throw new Error(`${command.type} was not appended: ${JSON.stringify(outcome)}`);
    return { commit: outcome.commit, seq: outcome.seq, storedAt: new Date().toISOString() };
  }

  #machineOf(state: AnyState, command: Command): ResolvedMachine | undefined {
    if (command.type === 'StartExecution') return this.#machines.get(command.body.workflow);
    if (!('start' in state) || !state.start) return undefined;
    const { name, version } = state.start.workflow;
    return this.#machines.get(`${name}/${command.type === 'MigrateExecution' ? command.body.version : version}`);
  }

  async #fold(ref: AggregateRef): Promise<AnyState> {
    const read = await this.#log.read(ref);
    if (read.kind === 'unreadable') throw new Error(read.problem);
    return read.commits.reduce<AnyState>(foldCommit, deciderOf<AnyState>(ref.aggregate).initial(ref));
  }
}
