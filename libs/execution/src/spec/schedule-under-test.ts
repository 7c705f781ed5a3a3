import { formatInstant, parseInstant } from '@throughline/asl';
import {
  commitSchema,
  type CommandId,
  type Instant,
  instantSchema,
  type ScheduleCommand,
  scheduleIdSchema,
  scheduleRef,
  type ScheduleSpec,
  scheduleSpecSchema,
  type SentCommand,
  sentCommandSchemas,
  tenantSchema,
} from '@throughline/contracts';
import { storedAt } from '../aggregate-state.ts';
import { scheduleDecider } from '../deciders.ts';
import { awaitedEffects, askedOfChildren, type Effect, effectsOf } from '../effects.ts';
import { sha256Hex } from '../hashes.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decideRound, type RoundOutcome } from '../round.ts';
import type { ScheduleState } from '../schedule/schedule-state.ts';
import type { CommitAt } from '../walk.ts';

const FIRST_AT = instantSchema.parse('2026-01-31T12:00:00.000Z');
const TENANT = tenantSchema.parse('default');

export interface ScheduleThen {
  readonly outcome: RoundOutcome;
  /** The events' types, and what of them is not about timers. */
  readonly types: readonly string[];
  readonly effects: readonly Effect[];
}

/** A schedule in memory, that comes due every minute. For specs only. */
export class ScheduleUnderTest {
  readonly log: CommitAt[] = [];
  state: ScheduleState = scheduleDecider.initial(scheduleRef(TENANT, scheduleIdSchema.parse('nightly')));
  now: Instant = FIRST_AT;
  private told = 0;
  private seq = 0;

  spec(more: Partial<Record<keyof ScheduleSpec, unknown>> = {}): ScheduleSpec {
    return scheduleSpecSchema.parse({ workflow: 'report', timing: { kind: 'cron', expression: '* * * * *' }, ...more });
  }

  put(more: Partial<Record<keyof ScheduleSpec, unknown>> = {}): ScheduleThen {
    const found = {
      workflow: 'known' as const,
      timing: { kind: 'calendar' as const, next: this.minuteAfter(this.now) },
    };
    return this.when({ type: 'PutSchedule', body: { spec: this.spec(more), found } });
  }

  pause(): ScheduleThen {
    return this.when({ type: 'PauseSchedule', body: {} });
  }

  resume(): ScheduleThen {
    const timing = { kind: 'calendar' as const, next: this.minuteAfter(this.now) };
    return this.when({ type: 'ResumeSchedule', body: { found: { timing } } });
  }

  /** The armed timer fires, and the engine takes it so many minutes late. */
  fire(minutesLate = 0, options: { readonly catchUp?: number; readonly timer?: string } = {}): ScheduleThen {
    const { timer } = this.state;
    if (!timer) throw new Error('no timer is armed');
    if (timer.dueAt > this.now) this.now = timer.dueAt;
    const seenAt = plus(timer.dueAt, minutesLate) > this.now ? plus(timer.dueAt, minutesLate) : this.now;
    const all: Instant[] = [];
    for (let at = timer.dueAt; at <= seenAt; at = plus(at, 1)) all.push(at);
    const due = all.slice(-(options.catchUp ?? 20));
    const found = { seenAt, due, missed: all.length - due.length, next: this.minuteAfter(seenAt) };
    // A spec may name a timer that is not armed.
    return this.when({ type: 'FireSchedule', body: { timer: (options.timer ?? timer.id) as typeof timer.id, found } });
  }

  trigger(): ScheduleThen {
    return this.when({ type: 'TriggerSchedule', body: {} });
  }

  /** The open run that was asked for first ends. */
  ends(
    status: 'succeeded' | 'failed' | 'cancelled' | 'refused' = 'succeeded',
    executionId = this.openRun(),
  ): ScheduleThen {
    return this.when({ type: 'RecordScheduledRun', body: { executionId: executionId as never, status } });
  }

  openRun(): string {
    const [run] = this.state.open;
    if (!run) throw new Error('nothing runs');
    return run.executionId;
  }

  later(minutes: number): this {
    this.now = plus(this.now, minutes);
    return this;
  }

  awaited(): readonly Effect[] {
    return [...awaitedEffects(this.state), ...askedOfChildren(this.state)];
  }

  when(command: ScheduleCommand, id?: string): ScheduleThen {
    this.told += 1;
    const sent = { v: 1, id: id ?? `c-${this.told}`, actor: { kind: 'user', id: 'spec' }, ...command };
    // Through JSON and the schema, as every command that arrives.
    const { v: _v, replyTo: _r, ...parsed } = sentCommandSchemas.schedule.parse(JSON.parse(JSON.stringify(sent)));
    const round = decideRound(scheduleDecider, this.state, [{ command: parsed, at: this.now }], {
      commitId: `commit-${this.state.version + 1}` as CommandId,
      limits: DEFAULT_LIMITS,
      machineOf: () => undefined,
    });
    const [outcome] = round.outcomes;
    if (!outcome) throw new Error('no outcome');
    if (!round.draft) return { outcome, types: [], effects: [] };
    this.seq += 3;
    this.state = storedAt(round.state, this.seq);
    const text = JSON.stringify(round.draft);
    const commit = commitSchema.parse({ ...JSON.parse(text), digest: sha256Hex(text) });
    if (JSON.stringify({ ...round.draft, digest: commit.digest }) !== JSON.stringify(commit)) {
      throw new Error('a draft whose keys do not stand in the order of the schema');
    }
    this.log.push({ commit, seq: this.seq });
    return { outcome, types: commit.events.map(({ type }) => type), effects: effectsOf(this.state, commit) };
  }

  private minuteAfter(at: Instant): Instant {
    const ms = parseInstant(at) ?? 0;
    return formatInstant(ms - (ms % 60_000) + 60_000);
  }
}

const plus = (at: Instant, minutes: number): Instant =>
  instantSchema.parse(formatInstant((parseInstant(at) ?? 0) + minutes * 60_000));

/** The commands that effects send, by type and body. */
export const sentBy = (effects: readonly Effect[]): readonly Pick<SentCommand, 'type' | 'body'>[] =>
  effects.flatMap((effect) => (effect.kind === 'command' ? [effect.command] : []));

export const refusalOf = ({ outcome }: ScheduleThen): string | undefined =>
  outcome.kind === 'refused' ? outcome.refusal.code : undefined;
