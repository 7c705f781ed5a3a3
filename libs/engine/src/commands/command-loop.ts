import { randomUUID } from 'node:crypto';
import type { AggregateRef, Commit, CommandAnswer, ErrorCode, Refusal, SentCommand } from '@throughline/contracts';
import type { EventLog, Handled } from '@throughline/event-log';
import {
  type AnyState,
  askedOfChildren,
  awaitedEffects,
  type Effect,
  effectsOf,
  effectsOfIgnored,
  effectsOfRefusal,
  effectsOfRepeats,
  type Limits,
  type Round,
  storedAt,
} from '@throughline/execution';
import { BROKER_CLOCK, type LogClock } from '../log-clock.ts';
import type { Preflight } from '../preflight.ts';
import { decide, type DecidingParts } from './decide-round.ts';
import { type DecideSpan, NO_SPAN, type StartDecideSpan } from './decide-span.ts';
import type { EffectPublisher } from '../effects/effect-publisher.ts';
import type { ReceivedCommand } from './received-command.ts';
import { keyOf, type StateCache } from './state-cache.ts';
import type { TenantSettings } from './tenant-settings.ts';
import { UndecidableError } from './undecidable.ts';
import type { WorkflowCatalog } from './workflow-catalog.ts';

export interface CommandLoopParts {
  readonly log: EventLog;
  readonly states: StateCache;
  readonly catalog: WorkflowCatalog;
  readonly settings: TenantSettings;
  readonly preflight: Preflight;
  readonly effects: Pick<EffectPublisher, 'publish'>;
  /** The broker's where it is left out. */
  readonly clock?: LogClock;
  /** Where somebody traces. */
  readonly startSpan?: StartDecideSpan;
  /** The process's own time and chance; both are recorded where they count. */
  readonly nowMs?: () => number;
  readonly newId?: () => string;
  readonly limits?: Limits;
  /** Told of each commit that this loop has stored. */
  readonly onCommitted?: (commit: Commit) => void;
  /** False for aggregates that another process decides: what they lack is not looked for here. */
  readonly isOurs?: (ref: AggregateRef) => boolean;
  /** Publishes an answer to the sender's inbox. */
  readonly reply: (replyTo: string, answer: CommandAnswer) => void;
}

/** Commands decided as one commit; what arrives for a busy aggregate waits for its next round. */
const ROUND_COMMANDS_MAX = 100;
/** Another writer took the version: fold and decide again, at most so often before the broker redelivers. */
const CONFLICTS_MAX = 5;

interface Waiting {
  readonly received: ReceivedCommand;
  readonly settle: (handled: Handled) => void;
}
interface Lane {
  readonly ref: AggregateRef;
  waiting: Waiting[];
  running: boolean;
}

export interface LoopCounters {
  commands: number;
  commits: number;
  refusals: number;
  duplicates: number;
  conflicts: number;
  effects: number;
}

/**
 * Decides commands: one lane per aggregate, one round at a time in each, any number of lanes side by side. A command is
 * settled (and then acked) only when its commit is stored and its effects are published: a crash anywhere before means
 * redelivery, and the redelivered command finds itself in the state and only brings back effects that are still awaited.
 */
export class CommandLoop {
  readonly counters: LoopCounters = { commands: 0, commits: 0, refusals: 0, duplicates: 0, conflicts: 0, effects: 0 };
  private readonly parts: CommandLoopParts;
  private readonly lanes = new Map<string, Lane>();

  constructor(parts: CommandLoopParts) {
    this.parts = parts;
  }

  get lanesOpen(): number {
    return this.lanes.size;
  }

  submit(received: ReceivedCommand): Promise<Handled> {
    this.counters.commands += 1;
    return new Promise((settle) => {
      const lane = this.laneOf(received.ref);
      lane.waiting.push({ received, settle });
      if (lane.running) return;
      lane.running = true;
      // After the socket read is parsed: commands that came together are decided together, and a lone one waits for nothing.
      void Promise.resolve().then(() => this.run(lane));
    });
  }

  /** Whose commands are decided here; everybody's where nobody says otherwise. */
  private isOurs(ref: AggregateRef): boolean {
    return this.parts.isOurs?.(ref) ?? true;
  }

  /** Publishes again those of the effects that the execution's present state awaits which `missing` picks. */
  async republish(
    ref: AggregateRef,
    missing: (effects: readonly Effect[]) => Promise<readonly Effect[]>,
  ): Promise<number> {
    // Its owner looks after it; two would publish everything twice.
    if (!this.isOurs(ref)) return 0;
    const loaded = await this.parts.states.load(ref);
    if (loaded.kind === 'unreadable') return 0;
    const effects = await missing([...awaitedEffects(loaded.state), ...askedOfChildren(loaded.state)]);
    await this.publish(effects);
    return effects.length;
  }

  private deciding(): DecidingParts {
    const { catalog, settings, preflight, clock = BROKER_CLOCK, nowMs = Date.now, newId = randomUUID } = this.parts;
    return { catalog, settings, preflight, clock, nowMs: nowMs(), newId, limits: this.parts.limits };
  }

  private laneOf(ref: AggregateRef): Lane {
    const key = keyOf(ref);
    const open = this.lanes.get(key);
    if (open) return open;
    const lane: Lane = { ref, waiting: [], running: false };
    this.lanes.set(key, lane);
    return lane;
  }

  private async run(lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const batch = lane.waiting.splice(0, ROUND_COMMANDS_MAX);
      const { handled, deferred } = await this.round(
        lane.ref,
        batch.map((waiting) => waiting.received),
      ).catch((error: unknown): Settled => {
        // Whatever broke, the cached state may be ahead of the log.
        this.parts.states.drop(lane.ref);
        return settled({ kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) });
      });
      lane.waiting.unshift(...batch.filter((_waiting, index) => deferred.has(index)));
      batch.forEach((waiting, index) => deferred.has(index) || waiting.settle(handled));
    }
    lane.running = false;
    this.lanes.delete(keyOf(lane.ref));
  }

  private async round(ref: AggregateRef, batch: readonly ReceivedCommand[]): Promise<Settled> {
    const { startSpan = () => NO_SPAN } = this.parts;
    const spans = batch.map(({ command }) => startSpan(ref, command));
    try {
      const assumed = await this.roundAsNew(ref, batch, spans);
      if (assumed) return assumed;
      for (let tries = 0; tries <= CONFLICTS_MAX; tries += 1) {
        const loaded = await this.parts.states.load(ref);
        if (loaded.kind === 'unreadable') throw new UndecidableError(loaded.code, loaded.problem);
        const round = await decide(this.deciding(), loaded.state, batch, spans);
        // Where nothing is appended no fence has held: a refusal must not rest on a state that is behind the log.
        const trusted =
          round.draft !== undefined || !loaded.cached || (await this.parts.states.isCurrent(loaded.state));
        const done = trusted && (await this.store(batch, spans, round));
        if (done) return done;
        this.counters.conflicts += 1;
      }
      return settled({ kind: 'unavailable', reason: `another writer took ${CONFLICTS_MAX + 1} versions in a row` });
    } catch (error) {
      if (!(error instanceof UndecidableError)) throw error;
      return await this.undecidable(ref, batch, error);
    } finally {
      for (const span of spans) span.end();
    }
  }

  /** A start decided without a look at the log. Undefined where that did not work out: only a commit counts here. */
  private async roundAsNew(
    ref: AggregateRef,
    batch: readonly ReceivedCommand[],
    spans: readonly DecideSpan[],
  ): Promise<Settled | undefined> {
    const { states } = this.parts;
    const state = batch[0]?.command.type === 'StartExecution' ? states.assumeNew(ref) : undefined;
    if (!state) return undefined;
    const round = await decide(this.deciding(), state, batch, spans).catch((error: unknown) => {
      if (error instanceof UndecidableError) return undefined;
      throw error;
    });
    if (!round?.draft) return undefined;
    const stored = await this.store(batch, spans, round);
    if (!stored) {
      states.wasNotNew();
      this.counters.conflicts += 1;
    }
    return stored;
  }

  /** One command that cannot be decided must not take those beside it along: they are decided one by one. */
  private async undecidable(
    ref: AggregateRef,
    batch: readonly ReceivedCommand[],
    error: UndecidableError,
  ): Promise<Settled> {
    this.parts.states.drop(ref);
    if (batch.length === 1) return await this.bury(batch, error.code, error.message);
    const { handled } = await this.round(ref, batch.slice(0, 1));
    return { handled, deferred: new Set([...batch.keys()].slice(1)) };
  }

  private async bury(batch: readonly ReceivedCommand[], code: ErrorCode, reason: string): Promise<Settled> {
    if (code === 'TL0201') return this.leaveToNewerBuild(batch, { code, message: reason });
    const refusal = { code, message: reason };
    for (const { command } of batch) {
      this.counters.refusals += 1;
      this.reply(command, { v: 1, outcome: 'refused', commandId: command.id, refusal });
    }
    await this.publish(batch.flatMap(({ ref, command }) => effectsOfRefusal(ref, command, refusal)));
    return settled({ kind: 'dead', code, reason });
  }

  /**
   * What a newer build has written, only such a build can go on with. Whoever waits for an answer is told to repeat, so the
   * command needs no letter; nobody is told that it was refused for good, least of all another execution.
   */
  private leaveToNewerBuild(batch: readonly ReceivedCommand[], refusal: Refusal & { code: 'TL0201' }): Settled {
    for (const { command } of batch) {
      this.counters.refusals += 1;
      this.reply(command, { v: 1, outcome: 'refused', commandId: command.id, refusal });
    }
    return batch.every(({ command }) => command.replyTo !== undefined)
      ? settled({ kind: 'done' })
      : settled({ kind: 'dead', code: refusal.code, reason: refusal.message });
  }

  /** Undefined on a conflict: the caller folds and decides again. */
  private async store(
    batch: readonly ReceivedCommand[],
    spans: readonly DecideSpan[],
    round: Round<AnyState>,
  ): Promise<Settled | undefined> {
    const deferred = new Set(round.outcomes.flatMap((outcome, index) => (outcome.kind === 'deferred' ? [index] : [])));
    if (!round.draft) {
      this.parts.states.put(round.state);
      this.answer(batch, spans, round, round.state);
      await this.publish([...effectsAgain(round, round.state, []), ...effectsWithoutCommit(batch, round, round.state)]);
      return { handled: { kind: 'done' }, deferred };
    }
    const [outcome] = await this.parts.log.append([round.draft]);
    if (!outcome) throw new Error('append answered for no draft');
    if (outcome.kind !== 'appended') {
      this.parts.states.drop(round.state.ref);
      if (outcome.kind === 'too-large') throw new UndecidableError('TL0005', `the commit: ${outcome.problem}`);
      return outcome.kind === 'conflict' ? undefined : settled({ kind: 'unavailable', reason: outcome.problem });
    }
    this.counters.commits += 1;
    this.parts.onCommitted?.(outcome.commit);
    const state = storedAt(round.state, outcome.seq);
    this.parts.states.put(state);
    if ('versions' in state) this.parts.catalog.remember(state);
    if ('policies' in state) this.parts.settings.remember(state);
    // Answered before the effects are out: the commit is what an acceptance promises, and effects follow from it.
    this.answer(batch, spans, round, state);
    const fresh = effectsOf(state, outcome.commit);
    await this.publish([...fresh, ...effectsAgain(round, state, fresh), ...effectsWithoutCommit(batch, round, state)]);
    return { handled: { kind: 'done' }, deferred };
  }

  private async publish(effects: readonly Effect[]): Promise<void> {
    await this.parts.effects.publish(effects);
    this.counters.effects += effects.length;
  }

  private answer(
    batch: readonly ReceivedCommand[],
    spans: readonly DecideSpan[],
    round: Round<AnyState>,
    state: AnyState,
  ): void {
    batch.forEach(({ command }, index) => {
      const outcome = round.outcomes[index];
      if (!outcome) throw new Error('a round answered for fewer commands than it got');
      if (outcome.kind === 'deferred') return;
      spans[index]?.decided(outcome, state.correlationId);
      if (outcome.kind === 'refused') {
        this.counters.refusals += 1;
        this.reply(command, { v: 1, outcome: 'refused', commandId: command.id, refusal: outcome.refusal });
        return;
      }
      const duplicate = outcome.kind === 'accepted' && outcome.duplicate;
      if (duplicate) this.counters.duplicates += 1;
      this.reply(command, {
        v: 1,
        outcome: 'accepted',
        commandId: command.id,
        aggregateId: state.ref.aggregateId,
        version: outcome.kind === 'accepted' ? outcome.version : state.version,
        seq: state.seq,
        duplicate,
        correlationId: state.correlationId,
      });
    });
  }

  private reply(command: SentCommand, answer: CommandAnswer): void {
    if (command.replyTo) this.parts.reply(command.replyTo, answer);
  }
}

/** How a batch ended, and which of its commands (by index) the round left for the next one. */
interface Settled {
  readonly handled: Handled;
  readonly deferred: ReadonlySet<number>;
}
const settled = (handled: Handled): Settled => ({ handled, deferred: new Set() });

/** What the first deliveries of repeated commands may have left out, but for the fresh effects. */
const effectsAgain = (round: Round<AnyState>, state: AnyState, fresh: readonly Effect[]): readonly Effect[] => {
  const repeats = round.outcomes.flatMap((outcome) =>
    outcome.kind === 'accepted' && outcome.duplicate ? [outcome.version] : [],
  );
  const sent = new Set(fresh.flatMap((effect) => ('id' in effect ? [effect.id] : [])));
  return effectsOfRepeats(state, new Set(repeats)).filter((effect) => !('id' in effect && sent.has(effect.id)));
};

/** A parent must hear that its child was refused, and a child answers its parent: no commit says so. */
const effectsWithoutCommit = (
  batch: readonly ReceivedCommand[],
  round: Round<AnyState>,
  state: AnyState,
): readonly Effect[] =>
  batch.flatMap(({ ref, command }, index) => {
    const outcome = round.outcomes[index];
    if (outcome?.kind === 'refused') return effectsOfRefusal(ref, command, outcome.refusal);
    return outcome?.kind === 'ignored' ? effectsOfIgnored(state, command) : [];
  });
