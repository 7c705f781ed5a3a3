import { formatInstant, parseInstant, parseMachine } from '@throughline/asl';
import {
  type AggregateRef,
  aggregateIdSchema,
  type AttemptToken,
  commitSchema,
  type CommandId,
  type CompleteStep,
  type DecideApproval,
  type ExecutionCommand,
  type ExecutionEvent,
  type Instant,
  instantSchema,
  type Json,
  sentCommandSchemas,
  type StartExecution,
  type StepTask,
  tenantSchema,
  type TimerId,
} from '@throughline/contracts';
import { storedAt } from '../aggregate-state.ts';
import type { ExecutionCommandRecord, ResolvedMachine } from '../decider.ts';
import { executionDecider } from '../deciders.ts';
import { type Effect, effectsOf } from '../effects.ts';
import { type ExecutionState, openAttempts, armedTimers } from '../execution-state.ts';
import { canonicalHash, sha256Hex } from '../hashes.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { decideRound, type Pending, type RoundOutcome } from '../round.ts';
import type { CommitAt } from '../walk.ts';

export * as exampleMachines from './example-machines.ts';
export { ScheduleUnderTest } from './schedule-under-test.ts';

/** Runs an execution in memory, the way an orchestrator does: rounds in, commits and effects out. For specs only. */

export const resolved = (definition: Json, name = 'example', version = 1): ResolvedMachine => {
  const parsed = parseMachine(definition);
  if (!parsed.ok) throw new Error(`the example is not valid: ${JSON.stringify(parsed.faults)}`);
  return { name, version, hash: canonicalHash(definition), machine: parsed.machine };
};

/** What one round did. */
export interface Then {
  readonly outcomes: readonly RoundOutcome[];
  readonly events: readonly ExecutionEvent[];
  readonly effects: readonly Effect[];
  readonly state: ExecutionState;
}

export interface Told {
  readonly command: ExecutionCommand;
  readonly id?: string;
  readonly at?: Instant;
  /** Who says it; absent: the spec itself. */
  readonly by?: string;
}

export const START_AT = instantSchema.parse('2026-01-31T12:00:00.000Z');

interface UnderTestOptions {
  readonly id?: string;
  readonly limits?: Partial<Limits>;
  /** Versions that it can be moved to. */
  readonly versions?: readonly ResolvedMachine[];
}

export class ExecutionUnderTest {
  readonly log: CommitAt[] = [];
  state: ExecutionState;
  now: Instant = START_AT;
  private readonly machine: ResolvedMachine | undefined;
  private readonly versions: readonly ResolvedMachine[];
  private readonly limits: Limits;
  private told = 0;
  private seq = 100;

  constructor(machine: ResolvedMachine | undefined, options: UnderTestOptions = {}) {
    this.machine = machine;
    this.versions = options.versions ?? [];
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    const ref: AggregateRef = {
      tenant: tenantSchema.parse('default'),
      aggregate: 'execution',
      aggregateId: aggregateIdSchema.parse(options.id ?? 'exec-1'),
    };
    this.state = executionDecider.initial(ref);
  }

  /** Decides commands as one round and stores its commit. */
  whenAll(told: readonly Told[]): Then {
    const pending = told.map(({ command, id, at, by = 'spec' }) => {
      this.told += 1;
      const sent = { v: 1, id: id ?? `c-${this.told}`, actor: { kind: 'system', id: by }, ...command };
      // Through JSON and the schema, as every command that arrives: the log keeps its keys' order.
      const { v: _v, replyTo: _replyTo, ...parsed } = sentCommandSchemas.execution.parse(JSON.parse(textOf(sent)));
      return { command: parsed, at: at ?? this.now };
    });
    return this.decide(pending);
  }

  /** A command as it is, without the round trip through JSON text. */
  decideParsed(command: ExecutionCommand): Then {
    return this.decide([
      { command: { id: 'parsed' as CommandId, actor: { kind: 'system', id: 'spec' }, ...command }, at: this.now },
    ]);
  }

  private decide(pending: readonly Pending<ExecutionCommandRecord>[]): Then {
    const round = decideRound(executionDecider, this.state, pending, {
      commitId: `commit-${this.state.version + 1}` as CommandId,
      limits: this.limits,
      machineOf: (state, command) => this.machineOf(state, command),
    });
    this.state = round.state;
    if (!round.draft) return { outcomes: round.outcomes, events: [], effects: [], state: this.state };
    this.seq += 7;
    this.state = storedAt(this.state, this.seq);
    const text = JSON.stringify(round.draft);
    const commit = commitSchema.parse({ ...JSON.parse(text), digest: sha256Hex(text) });
    if (JSON.stringify({ ...round.draft, digest: commit.digest }) !== JSON.stringify(commit)) {
      throw new Error('a draft whose keys do not stand in the order of the schema');
    }
    this.log.push({ commit, seq: this.seq });
    const effects = effectsOf(this.state, commit);
    // The draft of an execution holds execution events.
    return { outcomes: round.outcomes, events: commit.events as ExecutionEvent[], effects, state: this.state };
  }

  private machineOf({ start }: ExecutionState, command: ExecutionCommandRecord): ResolvedMachine | undefined {
    const wanted = command.type === 'MigrateExecution' ? command.body.version : start?.workflow.version;
    if (wanted === undefined || wanted === this.machine?.version) return this.machine;
    return this.versions.find(({ version }) => version === wanted);
  }

  when(command: ExecutionCommand, id?: string): Then {
    return this.whenAll([id === undefined ? { command } : { command, id }]);
  }

  start(input: Json = {}, id?: string, more: Partial<StartExecution> = {}): Then {
    const body = { workflow: 'example', input, trigger: 'manual' as const, ...more };
    return this.when({ type: 'StartExecution', body }, id);
  }

  complete(output: Json, token: AttemptToken = this.openToken(), id?: string, more: WorkerSays = {}): Then {
    return this.when(completion(token, output, this.now, more), id);
  }

  fail(error: string, cause = '', token: AttemptToken = this.openToken(), id?: string, more: WorkerSays = {}): Then {
    const times = { startedAt: this.now, finishedAt: this.now, worker: 'spec' };
    return this.when({ type: 'FailStep', body: { token, error, cause, ...times, ...more } }, id);
  }

  heartbeat(token: AttemptToken = this.openToken()): Then {
    return this.when({ type: 'RecordHeartbeat', body: { token } });
  }

  /** Fires a timer (the one that is due first) when it is due. */
  fire(timer: TimerId = this.nextTimer()): Then {
    const due = armedTimers(this.state).find(({ id }) => id === timer)?.dueAt ?? this.now;
    if (due > this.now) this.now = due;
    return this.when({ type: 'FireTimer', body: { timer } });
  }

  cancel(graceMs?: number): Then {
    return this.when({ type: 'CancelExecution', body: graceMs === undefined ? {} : { graceMs } });
  }

  /** One of the commands that need no more than their name. */
  control(
    type: 'PauseExecution' | 'ResumeExecution' | 'RetryExecution' | 'RedriveExecution' | 'TerminateExecution',
  ): Then {
    return this.when({ type, body: {} });
  }

  /** To another version, as who has just checked it would. */
  migrate(version: number, checkedVersion = this.state.version): Then {
    return this.when({ type: 'MigrateExecution', body: { version, checkedVersion } });
  }

  /** A person decides the approval that is pending. */
  decideApproval(by: string, body: Partial<DecideApproval> = {}): Then {
    const approval = [...this.state.approvals.values()].at(-1)?.id;
    if (!approval) throw new Error('no approval was asked for');
    const command = { approval, decision: 'approve' as const, roles: [], ...body };
    return this.whenAll([{ command: { type: 'DecideApproval', body: command }, by }]);
  }

  later(ms: number): this {
    this.now = formatInstant((parseInstant(this.now) ?? 0) + ms);
    return this;
  }

  openToken(): AttemptToken {
    const [attempt] = openAttempts(this.state);
    if (!attempt) throw new Error('no attempt is open');
    return attempt.token;
  }

  nextTimer(): TimerId {
    const [timer] = [...armedTimers(this.state)].sort((a, b) => (a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : 0));
    if (!timer) throw new Error('no timer is armed');
    return timer.id;
  }
}

/** JSON text as other senders write it too: with -0, which JSON.stringify leaves out. */
const textOf = (sent: object): string =>
  JSON.stringify(sent, (_, part: unknown) => (Object.is(part, -0) ? NEGATIVE_ZERO : part)).replaceAll(
    JSON.stringify(NEGATIVE_ZERO),
    '-0',
  );
const NEGATIVE_ZERO = '\u0000negative zero';

/** What a worker may say of its handler. */
export type WorkerSays = Pick<CompleteStep, 'effectClass'>;

export const completion = (
  token: AttemptToken,
  output: Json,
  at: Instant,
  more: WorkerSays = {},
): ExecutionCommand => ({
  type: 'CompleteStep',
  body: { token, output, outputHash: canonicalHash(output), startedAt: at, finishedAt: at, worker: 'spec', ...more },
});

export const givenMachine = (definition: Json, options: UnderTestOptions = {}): ExecutionUnderTest =>
  new ExecutionUnderTest(resolved(definition), options);

/** The event types, which is what most facts are about. */
export const typesOf = (then: Then): readonly string[] => then.events.map((event) => event.type);

export const codeOf = (then: Then): string | undefined => {
  const [outcome] = then.outcomes;
  return outcome?.kind === 'refused' ? outcome.refusal.code : undefined;
};

export const tasksOf = (then: Then): readonly StepTask[] =>
  then.effects.flatMap((effect) => (effect.kind === 'task' ? [effect.task] : []));
