import { formatInstant, parseInstant } from '@throughline/asl';
import {
  type AggregateRef,
  aggregateIdSchema,
  type AttemptToken,
  type CommandId,
  type ExecutionCommand,
  type Instant,
  type Json,
  ROUND_BYTES_MAX,
  sentCommandSchemas,
  tenantSchema,
  type TimerId,
} from '@throughline/contracts';
import { decodeCommit, encodeCommit } from '@throughline/event-log';
import {
  armedTimers,
  canonicalHash,
  type CommitAt,
  decideRound,
  DEFAULT_LIMITS,
  effectsOf,
  executionDecider,
  type ExecutionState,
  openAttempts,
  type ResolvedMachine,
  storedAt,
} from '@throughline/execution';
import { verifyInSteps } from '@throughline/history';
import type { Chance } from './chance.ts';
import { problemsOfRefusal, problemsOfValue } from './checks.ts';
import { mutatedJson } from './mutate-json.ts';
import { DATA } from './seed-expressions.ts';
import type { Stopwatch } from './stopwatch.ts';

const STARTED_MS = Date.parse('2026-01-31T12:00:00.000Z');
const ROUNDS_MAX = 25;
/** A commit is one message of the log: what a round may add to it is bounded, and the broker refuses more than this. */
const COMMIT_BYTES_MAX = 2 * ROUND_BYTES_MAX;
const ERRORS: readonly [string, ...string[]] = ['Busy', 'Hard', 'States.TaskFailed', '', 'x'.repeat(256)];

/** Runs a machine for some rounds with answers by chance, sensible ones mostly, and replays what it wrote. */
export const runMachine = (machine: ResolvedMachine, chance: Chance, watch: Stopwatch): readonly string[] => {
  const run = new RandomRun(machine, chance, watch);
  run.go();
  return run.problems;
};

class RandomRun {
  readonly problems: string[] = [];
  private readonly machine: ResolvedMachine;
  private readonly chance: Chance;
  private readonly watch: Stopwatch;
  private readonly log: CommitAt[] = [];
  private state: ExecutionState;
  private nowMs = STARTED_MS;
  private told = 0;

  constructor(machine: ResolvedMachine, chance: Chance, watch: Stopwatch) {
    this.machine = machine;
    this.chance = chance;
    this.watch = watch;
    const ref: AggregateRef = {
      tenant: tenantSchema.parse('default'),
      aggregate: 'execution',
      aggregateId: aggregateIdSchema.parse('fuzz'),
    };
    this.state = executionDecider.initial(ref);
  }

  go(): void {
    const input = mutatedJson(DATA, this.chance, 2);
    this.decide([{ type: 'StartExecution', body: { workflow: this.machine.name, input, trigger: 'manual' } }]);
    for (let round = 0; round < ROUNDS_MAX && this.state.start && !this.state.end; round += 1) {
      const commands = Array.from({ length: this.chance.few(4) }, () => this.nextCommand());
      this.decide(commands);
    }
    const { end } = this.state;
    if (end?.output !== undefined) this.problems.push(...problemsOfValue('the output', end.output));
    this.replay();
  }

  private nextCommand(): ExecutionCommand {
    if (this.chance.oneIn(60)) return { type: 'CancelExecution', body: {} };
    if (this.state.continuation && !this.chance.oneIn(9)) return { type: 'ContinueExecution', body: {} };
    const attempts = openAttempts(this.state);
    const timers = armedTimers(this.state);
    const attempt = attempts[this.chance.below(attempts.length)];
    const timer = timers[this.chance.below(timers.length)];
    if (timer && (!attempt || this.chance.oneIn(5))) {
      this.nowMs = Math.max(this.nowMs, parseInstant(timer.dueAt) ?? 0);
      return { type: 'FireTimer', body: { timer: timer.id } };
    }
    // Tokens and timers that never were are asked for too.
    if (!attempt && this.chance.oneIn(2)) return { type: 'FireTimer', body: { timer: '1-0' as TimerId } };
    return this.report(attempt && !this.chance.oneIn(20) ? attempt.token : ('1.9' as AttemptToken));
  }

  private report(token: AttemptToken): ExecutionCommand {
    const { chance } = this;
    const times = { startedAt: this.now(), finishedAt: this.now(), worker: 'fuzz' };
    const failure = { token, error: chance.pick(ERRORS), cause: 'by chance' };
    const output: Json = mutatedJson(DATA, chance, 1);
    const result = { token, output, outputHash: canonicalHash(output) };
    switch (chance.below(8)) {
      case 0:
        return { type: 'RecordHeartbeat', body: { token } };
      case 1:
        return { type: 'FailStep', body: { ...failure, ...times } };
      case 2:
        return { type: 'FailCallback', body: chance.oneIn(2) ? { token } : failure };
      case 3:
      case 4:
        return { type: 'CompleteCallback', body: result };
      default:
        return { type: 'CompleteStep', body: { ...result, ...times } };
    }
  }

  private decide(commands: readonly ExecutionCommand[]): void {
    const pending = commands.flatMap((command) => {
      this.told += 1;
      const sent = { v: 1, id: `c-${this.told}`, actor: { kind: 'system', id: 'fuzz' }, ...command };
      // Through JSON and the schema, as every command that arrives; what they refuse never gets to a decider.
      const parsed = sentCommandSchemas.execution.safeParse(JSON.parse(JSON.stringify(sent)));
      if (!parsed.success) return [];
      const { v: _v, replyTo: _replyTo, ...given } = parsed.data;
      return [{ command: given, at: this.now() }];
    });
    const round = this.watch.time('deciding', () =>
      decideRound(executionDecider, this.state, pending, {
        // The cast names what the text is: a subject token.
        commitId: `commit-${this.state.version + 1}` as CommandId,
        limits: DEFAULT_LIMITS,
        machineOf: () => this.machine,
      }),
    );
    for (const outcome of round.outcomes) {
      if (outcome.kind === 'refused') this.problems.push(...problemsOfRefusal(outcome.refusal));
    }
    this.nowMs += 1;
    const { draft } = round;
    if (!draft) return;
    const seq = this.log.length + 1;
    this.state = storedAt(round.state, seq);
    const { bytes } = encodeCommit(draft);
    if (bytes.length > COMMIT_BYTES_MAX) this.problems.push(`a commit of ${bytes.length} bytes`);
    const decoded = decodeCommit(bytes);
    if (decoded.kind !== 'commit') return void this.problems.push(`a commit that cannot be read: ${decoded.problem}`);
    this.log.push({ commit: decoded.commit, seq });
    this.watch.time('effects', () => effectsOf(this.state, decoded.commit));
  }

  private replay(): void {
    if (this.log.length === 0) return;
    const steps = verifyInSteps(this.log, () => this.machine);
    for (;;) {
      const step = this.watch.time('replaying', () => steps.next());
      if (!step.done) continue;
      const { verdict, firstDivergence } = step.value;
      if (verdict !== 'identical')
        this.problems.push(`replay diverges: ${JSON.stringify(firstDivergence).slice(0, 400)}`);
      return;
    }
  }

  private now(): Instant {
    return formatInstant(this.nowMs);
  }
}
