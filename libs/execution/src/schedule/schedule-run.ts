import {
  type AggregateRef,
  assertNever,
  type ExecutionId,
  type Instant,
  type RunCause,
  SCHEDULED_RUNS_MAX,
  type ScheduleEvent,
  type SkipReason,
  type TimerId,
} from '@throughline/contracts';
import type { Decision, ScheduleCommandRecord } from '../decider.ts';
import { derivedId } from '../hashes.ts';
import { evolveSchedule } from './evolve-schedule.ts';
import type { ScheduledInstant, ScheduleState } from './schedule-state.ts';

const EVENT_BYTES = 250;

/** One decision under way: the events so far, and the state that they lead to. */
export class ScheduleRun {
  readonly events: ScheduleEvent[] = [];
  state: ScheduleState;
  private readonly command: ScheduleCommandRecord;

  constructor(state: ScheduleState, command: ScheduleCommandRecord) {
    this.state = state;
    this.command = command;
  }

  emit(event: ScheduleEvent): void {
    this.events.push(event);
    this.state = evolveSchedule(this.state, event, this.command);
  }

  accepted(): Decision<ScheduleState, ScheduleEvent> {
    const { events, state } = this;
    return { kind: 'accepted', events, after: state, bytes: events.length * EVENT_BYTES };
  }

  /** Named by its place on the log, as timers of executions are. */
  arm(dueAt: Instant): void {
    const timer = `${this.state.version + 1}-${this.state.roundEvents}` as TimerId; // digits and a dash
    this.emit({ type: 'ScheduleArmed', timer, dueAt });
  }

  disarm(): void {
    if (this.state.timer) this.emit({ type: 'ScheduleDisarmed', timer: this.state.timer.id });
  }

  request({ executionId, instant, cause }: ScheduledInstant): void {
    this.emit({ type: 'ScheduledRunRequested', executionId, instant, cause });
  }

  skip({ executionId, instant, cause }: ScheduledInstant, why: SkipReason): void {
    this.emit({ type: 'ScheduledRunSkipped', executionId, instant, cause, why });
  }

  queue({ executionId, instant, cause }: ScheduledInstant): void {
    this.emit({ type: 'ScheduledRunQueued', executionId, instant, cause });
  }

  dropQueued(why: SkipReason): void {
    if (this.state.queued) this.skip(this.state.queued, why);
  }

  /** What waited for the last execution to end, or for a policy that lets it run beside the others. */
  startQueued(): void {
    const { queued, status } = this.state;
    if (queued && status === 'active' && overlapVerdict(this.state).kind === 'start') this.request(queued);
  }

  /** Makes room as the schedule's overlap policy says, then starts, queues or skips. */
  take(run: ScheduledInstant): void {
    const verdict = overlapVerdict(this.state);
    switch (verdict.kind) {
      case 'start':
        return this.request(run);
      case 'skip':
        return this.skip(run, verdict.why);
      case 'queue':
        return this.queue(run);
      case 'queue-instead':
        this.dropQueued('replaced');
        for (const open of this.state.open) {
          if (!open.stopped) this.emit({ type: 'ScheduledRunStopped', executionId: open.executionId });
        }
        return this.queue(run);
      default:
        return assertNever(verdict);
    }
  }
}

export type OverlapVerdict =
  { readonly kind: 'start' | 'queue' | 'queue-instead' } | { readonly kind: 'skip'; readonly why: SkipReason };

/** What the next instant does, given what of the schedule still runs. Nothing but `allow` ever lets two run at once. */
export const overlapVerdict = ({ spec, open, queued }: ScheduleState): OverlapVerdict => {
  if (!spec) throw new Error('a schedule that was never put');
  if (open.length === 0) return { kind: 'start' };
  switch (spec.overlap) {
    case 'skip':
      return { kind: 'skip', why: 'overlap' };
    case 'allow':
      return open.length < SCHEDULED_RUNS_MAX ? { kind: 'start' } : { kind: 'skip', why: 'too-many' };
    case 'queue_one':
      return queued ? { kind: 'skip', why: 'queue-full' } : { kind: 'queue' };
    case 'cancel_previous':
      return { kind: 'queue-instead' };
    default:
      return assertNever(spec.overlap);
  }
};

/** An instant never starts twice: it always names the same execution. */
export const runOfInstant = ({ ref }: ScheduleState, instant: Instant, cause: RunCause): ScheduledInstant => ({
  executionId: derivedId('scheduled', ref.tenant, ref.aggregateId, instant) as ExecutionId, // 32 hex digits are a subject token
  instant,
  cause,
});

/** What a trigger starts is known by its command. */
export const triggeredExecution = (ref: AggregateRef, commandId: string): ExecutionId =>
  derivedId('triggered', ref.tenant, ref.aggregateId, commandId) as ExecutionId; // as above

export const runOfTrigger = ({ ref }: ScheduleState, commandId: string, at: Instant): ScheduledInstant => ({
  executionId: triggeredExecution(ref, commandId),
  instant: at,
  cause: 'triggered',
});
