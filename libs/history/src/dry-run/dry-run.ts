import { formatInstant, parseInstant } from '@throughline/asl';
import {
  type AggregateRef,
  aggregateIdSchema,
  type DryRunAnswer,
  type DryRunAnswers,
  type DryRunReport,
  type ExecutionCommand,
  executionIdSchema,
  type Instant,
  isTerminal,
  type Json,
  sentCommandSchemas,
  tenantSchema,
} from '@throughline/contracts';
import {
  armedTimers,
  canonicalHash,
  type CommitAt,
  type ExecutionState,
  frameOf,
  initialExecution,
  type OpenAttempt,
  openAttempts,
  outputLeft,
  requiresPreflight,
  type ResolvedMachine,
  walkCommit,
  type WalkedEvent,
} from '@throughline/execution';
import { type AttemptOutcome, attemptRecords } from '../record/attempt-record.ts';
import { WalkedExecution } from '../walked-execution.ts';

export interface DryRun {
  readonly machine: ResolvedMachine;
  readonly input: Json;
  readonly answers: DryRunAnswers;
  /** The log of an execution whose own answers are given, where `answers` has none. */
  readonly recorded?: readonly CommitAt[];
  readonly until?: string;
  readonly startedAt?: Instant;
}

const STARTED_AT = '2026-01-01T00:00:00.000Z' as Instant; // an instant as written
const COMMITS_MAX = 2_000;
const ITEMS_MAX = 1_000;
/** A year on the simulated clock. */
const TIME_MAX_MS = 366 * 86_400_000;
type Item<K extends 'steps' | 'calls' | 'waits'> = DryRunReport[K][number];
type Answered = { readonly answer: DryRunAnswer; readonly from: NonNullable<Item<'calls'>['from']> };

/** Walks a machine in memory with given answers: nothing is called, nothing is written, and the same in gives the same out. */
export const dryRun = (run: DryRun): DryRunReport => new Walk(run).go();

class Walk {
  private readonly run: DryRun;
  private readonly walked: WalkedExecution;
  private nowMs: number;
  private commands = 0;
  private truncated = false;
  private readonly startedMs: number;
  private readonly recorded: ReadonlyMap<string, readonly DryRunAnswer[]>;
  private readonly asked = new Map<string, number>();
  private readonly steps = new Map<string, Item<'steps'>>();
  private readonly calls: Item<'calls'>[] = [];
  private readonly waits: Item<'waits'>[] = [];
  private readonly unanswered = new Set<string>();

  constructor(run: DryRun) {
    this.run = run;
    this.startedMs = parseInstant(run.startedAt ?? STARTED_AT) ?? 0;
    this.nowMs = this.startedMs;
    this.recorded = recordedAnswers(run.recorded ?? []);
    const ref: AggregateRef = {
      tenant: tenantSchema.parse('default'),
      aggregate: 'execution',
      aggregateId: aggregateIdSchema.parse('dry-run'),
    };
    this.walked = new WalkedExecution(initialExecution(ref), () => run.machine);
  }

  private get state(): ExecutionState {
    return this.walked.state;
  }

  go(): DryRunReport {
    const { machine, input, until } = this.run;
    // Nobody is called, so nobody has to be there.
    const passed = requiresPreflight(machine.machine, {}) ? { preflightResult: { checks: 0, findings: [] } } : {};
    const start = { workflow: machine.name, input, trigger: 'manual' as const, ...passed };
    this.decide({ type: 'StartExecution', body: { ...start, ...(until === undefined ? {} : { until }) } });
    for (let commits = 0; commits < COMMITS_MAX; commits += 1) {
      if (isTerminal(this.state.status))
        return this.report(this.state.status === 'cancelled' ? 'failed' : this.state.status);
      if (this.state.status === 'needs_review') return this.report('stopped');
      const next = this.next();
      if (!next) return this.report('unanswered');
      if (this.nowMs - this.startedMs > TIME_MAX_MS) return this.report('bounded');
      this.decide(next);
    }
    return this.report('bounded');
  }

  private next(): ExecutionCommand | undefined {
    if (this.state.continuation) return { type: 'ContinueExecution', body: {} };
    for (const attempt of openAttempts(this.state)) {
      if (this.unanswered.has(attempt.state)) continue;
      const found = this.answerTo(attempt);
      this.call(attempt, found);
      if (found) return commandOf(attempt, found.answer, this.now());
      this.unanswered.add(attempt.state);
    }
    // What guards an attempt without an answer would only say that it has none.
    const guarded = new Set(openAttempts(this.state).flatMap(({ timers }) => timers));
    const [timer] = armedTimers(this.state)
      .filter(({ id, purpose }) => !guarded.has(id) && purpose !== 'execution-timeout')
      .sort((a, b) => (a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : 0));
    if (!timer) return undefined;
    const [due] = [...armedTimers(this.state)].filter(({ dueAt, id }) => dueAt < timer.dueAt && !guarded.has(id));
    const first = due ?? timer;
    this.nowMs = Math.max(this.nowMs, parseInstant(first.dueAt) ?? 0);
    return { type: 'FireTimer', body: { timer: first.id } };
  }

  private answerTo({ state, attempt, awaits }: OpenAttempt): Answered | undefined {
    // People decide on approvals and send signals: nothing is pretended for them.
    if (awaits === 'approval' || awaits === 'signal') return undefined;
    const n = this.asked.get(state) ?? 0;
    this.asked.set(state, n + 1);
    const { states = {}, default: preset } = this.run.answers;
    const given = Object.hasOwn(states, state) ? states[state] : undefined;
    if (given !== undefined) {
      const list = Array.isArray(given) ? given : [given];
      const answer = list[Math.min(n, list.length - 1)];
      if (answer) return { answer, from: 'answers' };
    }
    const recorded = this.recorded.get(state)?.[n];
    if (recorded) return { answer: recorded, from: 'recorded' };
    return preset && attempt > 0 ? { answer: preset, from: 'default' } : undefined;
  }

  private call({ state, frame, attempt, resource, input }: OpenAttempt, found: Answered | undefined): void {
    const call = { state, frame, attempt, resource, input, answer: found?.answer ?? null, from: found?.from ?? null };
    this.keep(this.calls, call);
  }

  private keep<T>(list: T[], item: T): void {
    if (list.length < ITEMS_MAX) list.push(item);
    else this.truncated = true;
  }

  private decide(command: ExecutionCommand): void {
    this.commands += 1;
    const sent = { v: 1, id: `c-${this.commands}`, actor: { kind: 'system', id: 'dry-run' }, ...command };
    // Through JSON and the schema, as every command that arrives.
    const {
      v: _v,
      replyTo: _replyTo,
      ...parsed
    } = sentCommandSchemas.execution.parse(JSON.parse(JSON.stringify(sent)));
    const { before, outcomes, logged } = this.walked.decide([{ command: parsed, at: this.now() }]);
    const [outcome] = outcomes;
    if (outcome?.kind === 'refused') throw new Error(`${outcome.refusal.code}: ${outcome.refusal.message}`);
    if (logged) walkCommit(before, logged, (walked) => this.see(walked));
  }

  private see({ event, before, after, command }: WalkedEvent<ExecutionState>): void {
    switch (event.type) {
      case 'StateEntered': {
        const frame = frameOf(after.frames, event.frame);
        const step = { state: event.state, type: event.stateType, frame: frame.id, visit: frame.visit, attempts: 0 };
        const entered = { ...step, enteredAt: command.at, exitedAt: null, input: frame.data, error: null };
        if (this.steps.size < ITEMS_MAX) this.steps.set(`${frame.id}/${frame.visit}/${event.state}`, entered);
        else this.truncated = true;
        return;
      }
      case 'StateExited': {
        const frame = frameOf(before.frames, event.frame);
        const output = outputLeft(after.frames, frame);
        return this.change(frame, { exitedAt: command.at, ...(output === undefined ? {} : { output }) });
      }
      case 'StepScheduled':
        return this.change(frameOf(before.frames, event.frame), { attempts: event.attempt });
      case 'RetryScheduled':
      case 'ErrorCaught':
        return this.change(frameOf(before.frames, event.frame), { error: event.error ?? '' });
      case 'TimerArmed': {
        if (event.purpose !== 'wait' && event.purpose !== 'retry') return;
        const seconds = ((parseInstant(event.dueAt) ?? 0) - this.nowMs) / 1_000;
        const { state } = frameOf(after.frames, event.frame);
        return this.keep(this.waits, { state, purpose: event.purpose, dueAt: event.dueAt, seconds });
      }
      default:
        return;
    }
  }

  private change(frame: { id: string; visit: number; state: string }, more: Partial<Item<'steps'>>): void {
    const key = `${frame.id}/${frame.visit}/${frame.state}`;
    const step = this.steps.get(key);
    if (step) this.steps.set(key, { ...step, ...more });
  }

  private report(status: DryRunReport['status']): DryRunReport {
    const { end } = this.state;
    return {
      status,
      ...(end?.output === undefined ? {} : { output: end.output }),
      error: end?.error ?? null,
      cause: end?.cause ?? null,
      startedAt: formatInstant(this.startedMs),
      endedAt: this.now(),
      steps: [...this.steps.values()],
      calls: this.calls,
      waits: this.waits,
      unanswered: [...this.unanswered],
      truncated: this.truncated,
    };
  }

  private now(): Instant {
    return formatInstant(this.nowMs);
  }
}

const CHILD = executionIdSchema.parse('dry-run-child');
const CHILD_STARTED = { ExecutionArn: 'arn:aws:states:us-east-1:111111111111:execution:dry-run:child', StartDate: 0 };

/** The report that the attempt awaits. */
const commandOf = ({ token, awaits, resource }: OpenAttempt, answer: DryRunAnswer, at: Instant): ExecutionCommand => {
  const times = { startedAt: at, finishedAt: at, worker: 'dry-run' };
  if ('output' in answer) {
    const { output } = answer;
    const result = { token, output, outputHash: canonicalHash(output) };
    if (awaits === 'result' || awaits === 'job') return { type: 'CompleteStep', body: { ...result, ...times } };
    if (awaits === 'child' && resource.includes('.sync')) {
      return { type: 'CompleteChild', body: { ...result, child: CHILD, started: CHILD_STARTED } };
    }
    if (awaits === 'child' && !resource.endsWith('.waitForTaskToken')) {
      const said = { output: CHILD_STARTED, outputHash: canonicalHash(CHILD_STARTED) };
      return { type: 'RecordChildStart', body: { token, child: CHILD, awaits: 'start', ...said } };
    }
    return { type: 'CompleteCallback', body: result };
  }
  const failure = { token, error: answer.error, ...(answer.cause === undefined ? {} : { cause: answer.cause }) };
  if (awaits === 'result' || awaits === 'job') return { type: 'FailStep', body: { ...failure, ...times } };
  if (awaits === 'child') return { type: 'FailChild', body: { token, error: answer.error, cause: answer.cause ?? '' } };
  return { type: 'FailCallback', body: failure };
};

/** By state, in the order that the attempts were scheduled: what ended them. */
const recordedAnswers = (commits: readonly CommitAt[]): ReadonlyMap<string, readonly DryRunAnswer[]> => {
  const answers = new Map<string, DryRunAnswer[]>();
  for (const { state, outcome } of attemptRecords(commits).values()) {
    const answer = asAnswer(outcome);
    if (answer) answers.set(state, [...(answers.get(state) ?? []), answer]);
  }
  return answers;
};

const asAnswer = (outcome: AttemptOutcome): DryRunAnswer | undefined => {
  switch (outcome.how) {
    case 'succeeded':
      return { output: outcome.output };
    case 'failed':
      return { error: outcome.error ?? '', ...(outcome.cause === undefined ? {} : { cause: outcome.cause }) };
    case 'timed-out':
      return { error: 'States.Timeout' };
    case 'cut':
    case 'open':
      return undefined;
  }
};
