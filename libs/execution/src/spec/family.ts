import {
  type AggregateRef,
  aggregateIdSchema,
  type AttemptToken,
  commitSchema,
  type CommandId,
  type Instant,
  type Json,
  type SentCommand,
  sentCommandSchemas,
  tenantSchema,
} from '@throughline/contracts';
import { storedAt } from '../aggregate-state.ts';
import type { ResolvedMachine } from '../decider.ts';
import { executionDecider } from '../deciders.ts';
import {
  askedOfChildren,
  awaitedEffects,
  type Effect,
  effectsOf,
  effectsOfIgnored,
  effectsOfRefusal,
  effectsOfRepeats,
} from '../effects.ts';
import type { ExecutionState } from '../execution-state.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound, type RoundOutcome } from '../round.ts';
import type { CommitAt } from '../walk.ts';
import { resolved, START_AT } from './given-when-then.ts';

/** Executions that start each other, in memory: a command for any of them is delivered as the engine would. For specs only. */
export class Family {
  readonly states = new Map<string, ExecutionState>();
  readonly logs = new Map<string, CommitAt[]>();
  /** What was sent and not delivered yet, oldest first. */
  sent: { readonly ref: AggregateRef; readonly command: SentCommand }[] = [];
  now: Instant = START_AT;
  private readonly machines: ReadonlyMap<string, ResolvedMachine>;
  private seq = 0;
  private told = 0;

  constructor(definitions: Readonly<Record<string, Json>>) {
    this.machines = new Map(Object.entries(definitions).map(([name, json]) => [name, resolved(json, name)]));
  }

  machineOf(workflow: string): ResolvedMachine | undefined {
    return this.machines.get(workflow);
  }

  state(id: string): ExecutionState {
    return this.states.get(id) ?? executionDecider.initial(refOf(id));
  }

  /** The executions that another one started, in that order. */
  children(): readonly ExecutionState[] {
    return [...this.states.values()].filter(({ start }) => start?.trigger === 'child');
  }

  onlyChild(): ExecutionState {
    const [child, other] = this.children();
    if (!child || other) throw new Error(`${this.children().length} children`);
    return child;
  }

  start(id: string, workflow: string, input: Json = {}): RoundOutcome {
    return this.tell(id, { type: 'StartExecution', body: { workflow, input, trigger: 'manual' } });
  }

  /** Decides one command; what follows from it is sent, and not delivered. */
  tell(id: string, command: object): RoundOutcome {
    this.told += 1;
    return this.decide(refOf(id), {
      v: 1,
      id: `told-${this.told}` as CommandId,
      actor: { kind: 'system', id: 'spec' },
      ...command,
    } as SentCommand); // a spec writes whole commands
  }

  /** The oldest message, or as many as come of one another. */
  deliver(): RoundOutcome | undefined {
    const next = this.sent.shift();
    return next && this.decide(next.ref, next.command);
  }

  /** One message out of turn; kept, it comes again. */
  deliverAt(index: number, after: 'take' | 'keep'): void {
    const message = this.sent[index];
    if (!message) return;
    if (after === 'take') this.sent.splice(index, 1);
    this.decide(message.ref, message.command);
  }

  deliverAll(max = 1_000): void {
    for (let n = 0; this.sent.length > 0; n += 1) {
      if (n === max) throw new Error(`${max} messages and no end`);
      this.deliver();
    }
  }

  /** What the engine publishes for an execution that stands still. */
  awaited(id: string): void {
    this.publish([...awaitedEffects(this.state(id)), ...askedOfChildren(this.state(id))]);
  }

  private decide(ref: AggregateRef, sent: SentCommand): RoundOutcome {
    // Through JSON and the schema, as every command that arrives.
    const parsed = sentCommandSchemas.execution.parse(JSON.parse(JSON.stringify(sent)));
    const { v: _v, replyTo: _replyTo, ...command } = parsed;
    const before = this.state(ref.aggregateId);
    const round = decideRound(executionDecider, before, [{ command, at: this.now }], {
      commitId: `commit-${this.seq}` as CommandId,
      limits: DEFAULT_LIMITS,
      machineOf: (state, record) =>
        this.machines.get(state.start?.workflow.name ?? (record.type === 'StartExecution' ? record.body.workflow : '')),
    });
    const [outcome] = round.outcomes;
    if (!outcome) throw new Error('no outcome');
    if (outcome.kind === 'ignored') this.publish(effectsOfIgnored(before, parsed));
    if (outcome.kind === 'refused') this.publish(effectsOfRefusal(ref, parsed, outcome.refusal));
    if (!round.draft) {
      if (outcome.kind === 'accepted' && outcome.duplicate)
        this.publish(effectsOfRepeats(before, new Set([outcome.version])));
      return outcome;
    }
    this.seq += 1;
    const state = storedAt(round.state, this.seq);
    const commit = commitSchema.parse({ ...round.draft, digest: '0'.repeat(64) });
    this.states.set(ref.aggregateId, state);
    this.logs.set(ref.aggregateId, [...(this.logs.get(ref.aggregateId) ?? []), { commit, seq: this.seq }]);
    this.publish(effectsOf(state, commit));
    return outcome;
  }

  private publish(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== 'command') continue;
      this.told += 1;
      const { id } = effect.command;
      const command = { ...effect.command, id: effect.again ? (`again-${this.told}` as CommandId) : id };
      this.sent.push({ ref: effect.ref, command });
    }
  }
}

export const refOf = (id: string): AggregateRef => ({
  tenant: tenantSchema.parse('default'),
  aggregate: 'execution',
  aggregateId: aggregateIdSchema.parse(id),
});

export const openToken = ({ attempts }: ExecutionState): AttemptToken => {
  const [attempt] = attempts.values();
  if (!attempt) throw new Error('no attempt is open');
  return attempt.token;
};
