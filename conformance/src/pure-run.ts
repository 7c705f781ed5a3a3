import { formatInstant, parseInstant, parseMachine } from '@throughline/asl';
import {
  aggregateIdSchema,
  type CommandId,
  type ExecutionCommand,
  type Instant,
  isTerminal,
  type Json,
  sentCommandSchemas,
  tenantSchema,
  type TimerId,
} from '@throughline/contracts';
import { encodeCommit } from '@throughline/event-log';
import {
  awaitedEffects,
  canonicalHash,
  type CommitAt,
  decideRound,
  DEFAULT_LIMITS,
  type Effect,
  effectsOf,
  executionDecider,
  type ExecutionState,
  type ResolvedMachine,
  storedAt,
} from '@throughline/execution';
import { awsHistory, verify } from '@throughline/history';
import { executionIdOfCase, workflowNameOf } from './case-names.ts';
import { AWS_STATUS_OF, type CaseRun } from './case-run.ts';
import type { RecordedCase } from './recorded-case.ts';
import { servedDefinition } from './served-definition.ts';
import { commandsOf } from './stub-commands.ts';
import { type TaskScript, taskScript } from './task-script.ts';

/**
 * A case decided in this process: the decider, its effects and a clock that jumps to whatever is due next. Nothing of
 * the services runs, so it is quick; the services must come to the same.
 */

const STARTED_MS = Date.parse('2026-01-31T12:00:00.000Z');
/** What a task takes on the virtual clock. */
const TASK_MS = 5;
/** A recorded execution has some hundred events: one that makes more commits than this does not end. */
const COMMITS_MAX = 20_000;

export const runPurely = (recorded: RecordedCase): CaseRun => {
  const definition = servedDefinition(recorded);
  const parsed = parseMachine(definition);
  if (!parsed.ok) {
    const faults = parsed.faults.slice(0, 3).map(({ pointer, code, message }) => `${pointer} ${code}: ${message}`);
    return { kind: 'broken', problem: `the definition is refused: ${faults.join('; ')}` };
  }
  const name = workflowNameOf(recorded);
  const machine = { name, version: 1, hash: canonicalHash(definition), machine: parsed.machine };
  try {
    return new PureExecution(machine, taskScript(recorded), executionIdOfCase(recorded)).run(recorded.input);
  } catch (thrown) {
    return { kind: 'broken', problem: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
};

/** Something that happens at a time: in the order of the times, and of their making where those are equal. */
interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly command: ExecutionCommand;
  readonly timer?: TimerId;
}

class PureExecution {
  private readonly machine: ResolvedMachine;
  private readonly script: TaskScript;
  private readonly log: CommitAt[] = [];
  private state: ExecutionState;
  private nowMs = STARTED_MS;
  private due: Due[] = [];
  private made = 0;

  constructor(machine: ResolvedMachine, script: TaskScript, id: string) {
    this.machine = machine;
    this.script = script;
    const ref = { tenant: tenantSchema.parse('default'), aggregateId: aggregateIdSchema.parse(id) };
    this.state = executionDecider.initial({ ...ref, aggregate: 'execution' });
  }

  run(input: Json): CaseRun {
    this.decide({
      type: 'StartExecution',
      body: { workflow: this.machine.name, input, trigger: 'manual' },
    });
    while (this.state.end === null) {
      if (this.log.length > COMMITS_MAX) return this.broken(`it made ${COMMITS_MAX} commits and did not end`);
      const next = this.takeNext();
      if (!next) return this.broken(`it stands still, awaiting ${awaitedEffects(this.state).length} answers`);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.decide(next.command);
    }
    return endedRun(this.state, this.log, this.machine);
  }

  private broken(problem: string): CaseRun {
    return { kind: 'broken', problem, replay: verify(this.log, () => this.machine) };
  }

  private decide(command: ExecutionCommand): void {
    this.made += 1;
    const sent = { v: 1, id: `c-${this.made}`, actor: { kind: 'system', id: 'conformance' }, ...command };
    // Through JSON and the schema, as every command that arrives: the log keeps its keys' order.
    const given = sentCommandSchemas.execution.parse(JSON.parse(JSON.stringify(sent)));
    const { v: _v, replyTo: _replyTo, ...parsed } = given;
    const round = decideRound(executionDecider, this.state, [{ command: parsed, at: this.now() }], {
      // The cast names what the text is: a subject token.
      commitId: `commit-${this.state.version + 1}` as CommandId,
      limits: DEFAULT_LIMITS,
      machineOf: () => this.machine,
    });
    const [outcome] = round.outcomes;
    if (outcome?.kind === 'refused' && command.type === 'StartExecution') {
      throw new Error(`the start is refused: ${outcome.refusal.code} ${outcome.refusal.message}`);
    }
    if (!round.draft) return;
    const seq = this.log.length + 1;
    this.state = storedAt(round.state, seq);
    const { commit } = encodeCommit(round.draft);
    this.log.push({ commit, seq });
    for (const effect of effectsOf(this.state, commit)) this.carryOut(effect);
  }

  private carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'task': {
        const { state, resource, token } = effect.task;
        const commands = commandsOf(this.script.next(state, resource), token, this.now());
        for (const [index, command] of commands.entries()) this.later(this.nowMs + TASK_MS * (index + 1), command);
        return;
      }
      case 'arm-timer': {
        const atMs = parseInstant(effect.dueAt) ?? this.nowMs;
        return this.later(atMs, { type: 'FireTimer', body: { timer: effect.timer } }, effect.timer);
      }
      case 'cancel-timer':
        this.due = this.due.filter(({ timer }) => timer !== effect.timer);
        return;
      case 'command':
        // Executions send their own kind of commands to themselves.
        return this.later(this.nowMs, effect.command as ExecutionCommand);
    }
  }

  private later(atMs: number, command: ExecutionCommand, timer?: TimerId): void {
    this.due.push({ atMs, order: (this.made += 1), command, ...(timer === undefined ? {} : { timer }) });
  }

  private takeNext(): Due | undefined {
    const [first] = this.due.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    this.due = this.due.slice(1);
    return first;
  }

  private now(): Instant {
    return formatInstant(this.nowMs);
  }
}

const endedRun = ({ end, status }: ExecutionState, log: readonly CommitAt[], machine: ResolvedMachine): CaseRun => {
  if (!end || !isTerminal(status)) return { kind: 'broken', problem: `it ended as ${status}` };
  return {
    kind: 'ended',
    status: AWS_STATUS_OF[status],
    ...(end.output === undefined ? {} : { output: end.output }),
    ...(end.error === undefined ? {} : { error: end.error }),
    ...(end.cause === undefined ? {} : { cause: end.cause }),
    events: awsHistory(log),
    replay: verify(log, () => machine),
  };
};
