import { formatInstant, parseInstant } from '@throughline/asl';
import {
  type AggregateRef,
  aggregateIdSchema,
  commitSchema,
  type CommandId,
  executionRef,
  type ExecutionEvent,
  type Instant,
  type Json,
  type LockEvent,
  type SentCommand,
  sentCommandSchemas,
  type StepTask,
  tenantSchema,
  type TimerId,
} from '@throughline/contracts';
import { storedAt } from '../aggregate-state.ts';
import type { AnyState } from '../any-state.ts';
import type { Decider, ResolvedMachine } from '../decider.ts';
import { deciderOf } from '../deciders.ts';
import {
  askedOfChildren,
  awaitedEffects,
  type Effect,
  effectsOf,
  effectsOfIgnored,
  effectsOfRefusal,
  effectsOfRepeats,
} from '../effects.ts';
import { type ExecutionState, initialExecution } from '../execution-state.ts';
import { canonicalHash, sha256Hex } from '../hashes.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { lockRef } from '../lock/lock-id.ts';
import { initialLock, type LockState } from '../lock/lock-state.ts';
import { decideRound, type RoundOutcome } from '../round.ts';
import type { CommitAt } from '../walk.ts';
import { resolved, START_AT } from './given-when-then.ts';

const TENANT = tenantSchema.parse('default');
const keyOf = ({ aggregate, aggregateId }: AggregateRef): string => `${aggregate}/${aggregateId}`;

interface Message {
  readonly ref: AggregateRef;
  readonly command: SentCommand;
}
interface Armed {
  readonly ref: AggregateRef;
  readonly timer: TimerId;
  readonly dueAt: Instant;
}

/** Executions and the locks that they contend for, in memory: messages and timers are delivered as the engine would, or not. For specs only. */
export class LockWorld {
  readonly states = new Map<string, AnyState>();
  readonly logs = new Map<string, CommitAt[]>();
  /** Sent and not delivered yet, oldest first. */
  sent: Message[] = [];
  timers = new Map<string, Armed>();
  /** Published for workers, in order. */
  readonly tasks: StepTask[] = [];
  now: Instant = START_AT;
  private readonly machines: ReadonlyMap<string, ResolvedMachine>;
  private seq = 0;
  private told = 0;

  constructor(definitions: Readonly<Record<string, Json>>) {
    this.machines = new Map(Object.entries(definitions).map(([name, json]) => [name, resolved(json, name)]));
  }

  execution(id: string): ExecutionState {
    const ref = executionRef(TENANT, id);
    // The key names the aggregate.
    return (this.states.get(keyOf(ref)) as ExecutionState | undefined) ?? initialExecution(ref);
  }

  executions(): readonly ExecutionState[] {
    return [...this.states.values()].filter((state): state is ExecutionState => state.ref.aggregate === 'execution');
  }

  lock(asset: string): LockState {
    const ref = lockRef(TENANT, asset);
    return (this.states.get(keyOf(ref)) as LockState | undefined) ?? initialLock(ref);
  }

  lockEvents(asset: string): readonly LockEvent[] {
    const log = this.logs.get(keyOf(lockRef(TENANT, asset))) ?? [];
    return log.flatMap(({ commit }) => (commit.aggregate === 'lock' ? commit.events : []));
  }

  events(id: string): readonly ExecutionEvent[] {
    const log = this.logs.get(`execution/${id}`) ?? [];
    return log.flatMap(({ commit }) => (commit.aggregate === 'execution' ? commit.events : []));
  }

  start(id: string, workflow: string, input: Json = {}): RoundOutcome {
    return this.tell(executionRef(TENANT, id), {
      type: 'StartExecution',
      body: { workflow, input, trigger: 'manual' },
    });
  }

  cancel(id: string): RoundOutcome {
    return this.tell(executionRef(TENANT, id), { type: 'CancelExecution', body: {} });
  }

  /** The worker's result for a task. */
  complete({ executionId, token }: StepTask, output: Json = 'done'): RoundOutcome {
    const times = { startedAt: this.now, finishedAt: this.now, worker: 'spec' };
    const body = { token, output, outputHash: canonicalHash(output), ...times };
    return this.tell(executionRef(TENANT, executionId), { type: 'CompleteStep', body });
  }

  fail({ executionId, token }: StepTask, error: string): RoundOutcome {
    const times = { startedAt: this.now, finishedAt: this.now, worker: 'spec' };
    return this.tell(executionRef(TENANT, executionId), { type: 'FailStep', body: { token, error, ...times } });
  }

  /** Decides one command; what follows from it is sent, and not delivered. */
  tell(ref: AggregateRef, command: object): RoundOutcome {
    this.told += 1;
    const id = `told-${this.told}` as CommandId;
    // A spec writes whole commands.
    return this.decide({
      ref,
      command: { v: 1, id, actor: { kind: 'system', id: 'spec' }, ...command } as SentCommand,
    });
  }

  /** The message that is next in line, or another one. */
  deliver(index: number = 0): RoundOutcome | undefined {
    const [next] = this.sent.splice(index, 1);
    return next && this.decide(next);
  }

  /** Delivered, and kept: it comes again. */
  deliverTwice(index: number): void {
    const message = this.sent[index];
    if (message) this.decide(message);
  }

  deliverAll(max = 5_000): void {
    for (let n = 0; this.sent.length > 0; n += 1) {
      if (n === max) throw new Error(`${max} messages and no end`);
      this.deliver();
    }
  }

  later(ms: number): void {
    this.now = formatInstant((parseInstant(this.now) ?? 0) + ms);
  }

  /** Fires the timer that is due first; time goes on to then. False where none is armed. */
  fireNext(): boolean {
    const [next] = [...this.timers.values()].sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1));
    if (!next) return false;
    this.timers.delete(`${keyOf(next.ref)}/${next.timer}`);
    if (next.dueAt > this.now) this.now = next.dueAt;
    this.tell(next.ref, { type: 'FireTimer', body: { timer: next.timer } });
    return true;
  }

  /** What the engine publishes for an aggregate that stands still. */
  lookAfter(state: AnyState): void {
    this.publish([...awaitedEffects(state), ...askedOfChildren(state)]);
  }

  private decide({ ref, command: sent }: Message): RoundOutcome {
    if (ref.aggregate !== 'execution' && ref.aggregate !== 'lock') throw new Error(`no ${ref.aggregate} lives here`);
    // Through JSON and the schema, as every command that arrives.
    const parsed: SentCommand = sentCommandSchemas[ref.aggregate].parse(JSON.parse(JSON.stringify(sent)));
    const { v: _v, replyTo: _replyTo, ...command } = parsed;
    // The casts join the decider with its own aggregate's commands, as the engine does.
    const decider = deciderOf<AnyState>(ref.aggregate) as unknown as Decider<AnyState, never, unknown>;
    const before = this.states.get(keyOf(ref)) ?? decider.initial(ref);
    const round = decideRound(decider, before, [{ command, at: this.now }] as never, {
      commitId: `commit-${this.seq}` as CommandId,
      limits: DEFAULT_LIMITS,
      machineOf: (state) => this.machineOf(state, parsed),
    });
    const [outcome] = round.outcomes;
    if (!outcome) throw new Error('no outcome');
    if (outcome.kind === 'ignored') this.publish(effectsOfIgnored(before, parsed));
    if (outcome.kind === 'refused') this.publish(effectsOfRefusal(ref, parsed, outcome.refusal));
    if (!round.draft) {
      if (outcome.kind === 'accepted' && outcome.duplicate) {
        this.publish(effectsOfRepeats(before, new Set([outcome.version])));
      }
      return outcome;
    }
    this.seq += 1;
    const state = storedAt(round.state, this.seq);
    const text = JSON.stringify({ ...round.draft, digest: sha256Hex(JSON.stringify(round.draft)) });
    const commit = commitSchema.parse(JSON.parse(text));
    if (JSON.stringify(commit) !== text) throw new Error('a draft whose keys do not stand in the order of the schema');
    this.states.set(keyOf(ref), state);
    this.logs.set(keyOf(ref), [...(this.logs.get(keyOf(ref)) ?? []), { commit, seq: this.seq }]);
    this.publish(effectsOf(state, commit));
    return outcome;
  }

  private machineOf(state: AnyState, command: SentCommand): ResolvedMachine | undefined {
    const started = 'start' in state ? state.start?.workflow.name : undefined;
    return this.machines.get(started ?? (command.type === 'StartExecution' ? command.body.workflow : ''));
  }

  private publish(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'task':
          if (
            !this.tasks.some(
              ({ executionId, token }) => executionId === effect.task.executionId && token === effect.task.token,
            )
          )
            this.tasks.push(effect.task);
          break;
        case 'arm-timer': {
          const { ref, timer, dueAt } = effect;
          this.timers.set(`${keyOf(ref)}/${timer}`, { ref, timer, dueAt });
          break;
        }
        case 'cancel-timer':
          this.timers.delete(`${keyOf(effect.ref)}/${effect.timer}`);
          break;
        case 'command': {
          this.told += 1;
          const id = effect.again ? (`again-${this.told}` as CommandId) : effect.command.id;
          this.sent.push({ ref: effect.ref, command: { ...effect.command, id } });
          break;
        }
      }
    }
  }
}

export const lockOf = (asset: string): AggregateRef => lockRef(TENANT, asset);
export const executionOf = (id: string): AggregateRef => executionRef(TENANT, aggregateIdSchema.parse(id));
