import {
  type ErrorEnvelope,
  type ExecutionErrorsView,
  type ExecutionEvent,
  executionIdSchema,
  type Instant,
  type Resolution,
} from '@throughline/contracts';
import {
  type CommitAt,
  errorEnvelope,
  type ExecutionState,
  failureOf,
  frameOf,
  ROOT_FRAME,
  type WalkedEvent,
} from '@throughline/execution';
import { walkHistory } from '../walk-history.ts';

type EventOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;
type Walked = WalkedEvent<ExecutionState>;

interface Told {
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** One error while the log is walked: what becomes of it is only known later. */
interface Noted {
  readonly id: string;
  readonly at: Instant;
  readonly of: 'step' | 'execution' | 'delivery';
  readonly state: string | null;
  readonly frame: string | null;
  readonly visit: number | null;
  readonly attempt: number | null;
  readonly told: Told;
  nextRetryAt: Instant | null;
  status: Resolution;
  resolvedAt: Instant | null;
}

/** More than anybody reads; an execution that retries for ever has no end of them. */
export const ERRORS_SHOWN_MAX = 500;

/** Every error of an execution and what became of it, read off its log; undefined where there is no execution. */
export const executionErrors = (commits: readonly CommitAt[]): ExecutionErrorsView | undefined => {
  const walk = new ErrorWalk();
  const state = walkHistory(commits, (walked, { commit }) => walk.see(walked, commit.version));
  return (
    state && {
      executionId: executionIdSchema.parse(state.ref.aggregateId),
      failure: failureOf(state),
      items: walk.noted.map((noted) => shown(noted, state)),
      truncated: walk.truncated,
    }
  );
};

const shown = (noted: Noted, state: ExecutionState): ExecutionErrorsView['items'][number] => ({
  id: noted.id,
  at: noted.at,
  of: noted.of,
  state: noted.state,
  frame: noted.frame,
  visit: noted.visit,
  error: envelopeOf(noted, state),
});

const envelopeOf = (noted: Noted, { correlationId, start }: ExecutionState): ErrorEnvelope =>
  errorEnvelope(
    {
      error: noted.told.error ?? null,
      cause: noted.told.cause ?? null,
      state: noted.state,
      attempt: noted.attempt,
      nextRetryAt: noted.status === 'retrying' ? noted.nextRetryAt : null,
      correlationId,
      resolution: { status: noted.status, at: noted.resolvedAt },
    },
    start?.errorRules ?? [],
  );

class ErrorWalk {
  noted: Noted[] = [];
  truncated = false;
  /** By frame or delivery: the latest error of which nothing has become yet. */
  private readonly open = new Map<string, Noted>();
  /** By frame or delivery: the errors after which another attempt is made. */
  private readonly retrying = new Map<string, Noted[]>();
  /** By frame of a Map: the errors of its iterations, which it may tolerate. */
  private readonly ofIterations = new Map<string, Noted[]>();
  /** What ended the execution before it was opened again, and how that was. */
  private reopened: { readonly by: 'resume' | 'retry' | 'redrive'; readonly errors: readonly Noted[] } | undefined;
  private walked: Walked | undefined;
  private version = 0;

  see(walked: Walked, version: number): void {
    this.walked = walked;
    this.version = version;
    const { event, before } = walked;
    switch (event.type) {
      case 'StepFailed':
        return this.stepFailed(event.token, failureIn(walked));
      case 'StepTimedOut':
        return this.stepFailed(event.token, {
          error: event.kind === 'heartbeat' ? 'States.HeartbeatTimeout' : 'States.Timeout',
        });
      case 'EvaluationFailed':
        return void this.note(event.frame, event);
      case 'RetryScheduled': {
        const noted = this.takeOpen(event.frame) ?? this.note(event.frame, event);
        this.open.delete(event.frame);
        noted.status = 'retrying';
        this.retrying.set(event.frame, [...(this.retrying.get(event.frame) ?? []), noted]);
        return;
      }
      case 'TimerArmed': {
        const last = event.purpose === 'retry' ? this.retrying.get(event.frame)?.at(-1) : undefined;
        if (last) last.nextRetryAt = event.dueAt;
        return;
      }
      case 'ErrorCaught':
        this.settle(this.takeOpen(event.frame) ?? this.note(event.frame, event), 'caught');
        return this.settleRetrying(event.frame, 'retried');
      case 'StateExited':
        return this.settleRetrying(event.frame, 'resolved_by_retry');
      case 'BranchFailed':
      case 'IterationFailed':
        return this.childFailed(event, before);
      case 'MapSucceeded':
        for (const noted of this.ofIterations.get(event.frame) ?? []) this.settle(noted, 'tolerated');
        return void this.ofIterations.delete(event.frame);
      case 'StateAborted':
        return this.settleRetrying(event.frame, 'abandoned');
      case 'ExecutionFailed':
        return this.executionFailed(event);
      case 'ExecutionTimedOut':
        this.settleReopened(() => 'retried');
        this.abandonAll();
        this.add('execution', null, { error: 'States.Timeout' }, null);
        return;
      case 'ExecutionCancelled':
        return this.abandonAll();
      case 'ExecutionReopened': {
        const errors = this.noted.filter(({ of, status }) => of !== 'delivery' && status === 'open');
        for (const noted of errors) noted.status = 'retrying';
        this.reopened = { by: event.by, errors: [...(this.reopened?.errors ?? []), ...errors] };
        return;
      }
      case 'ExecutionSucceeded':
        return this.settleReopened((by) => `resolved_by_${by}`);
      default:
        return this.seeDelivery(walked);
    }
  }

  private seeDelivery(walked: Walked): void {
    const { event } = walked;
    switch (event.type) {
      case 'DeliveryAttemptFailed': {
        const noted = this.deliveryFailed(event, failureIn(walked));
        noted.status = 'retrying';
        noted.nextRetryAt = event.nextAttemptAt;
        this.retrying.set(event.delivery, [noted]);
        return;
      }
      case 'DeliveryFailed':
        this.open.set(event.delivery, this.deliveryFailed(event, failureIn(walked)));
        return;
      case 'DeliveryAttemptStarted': {
        const noted = this.takeOpen(event.delivery);
        if (!noted) return;
        noted.status = 'retrying';
        this.retrying.set(event.delivery, [noted]);
        return;
      }
      case 'DeliverySucceeded':
        return this.settleRetrying(event.delivery, 'resolved_by_retry');
      default:
        return;
    }
  }

  private deliveryFailed(
    { delivery, attempt }: EventOf<'DeliveryAttemptFailed' | 'DeliveryFailed'>,
    told: Told,
  ): Noted {
    this.settleRetrying(delivery, 'retried');
    return this.add('delivery', null, told, attempt);
  }

  private stepFailed(token: string, told: Told): void {
    const attempt = this.now().before.attempts.get(token);
    if (attempt) this.note(attempt.frame, told, attempt.attempt);
  }

  /** What leaves a branch or iteration is the error of its state as well, or one that a Map tolerates. */
  private childFailed(event: EventOf<'BranchFailed' | 'IterationFailed'>, before: ExecutionState): void {
    const noted = this.takeOpen(event.frame) ?? this.note(event.frame, event);
    this.open.delete(event.frame);
    this.settleRetrying(event.frame, 'retried');
    this.settle(noted, 'propagated');
    const { parent } = frameOf(before.frames, event.frame);
    if (parent === null || event.type === 'BranchFailed') return;
    this.ofIterations.set(parent, [...(this.ofIterations.get(parent) ?? []), noted]);
  }

  private executionFailed(event: EventOf<'ExecutionFailed'>): void {
    this.settleReopened(() => 'retried');
    const cause = this.takeOpen(ROOT_FRAME);
    this.settleRetrying(ROOT_FRAME, 'retried');
    this.abandonAll();
    // The state's own error stays open: it is what has to be mended.
    if (!cause) this.note(ROOT_FRAME, event);
    this.open.clear();
  }

  private abandonAll(): void {
    for (const noted of this.open.values()) this.settle(noted, 'abandoned');
    for (const key of [...this.retrying.keys()]) this.settleRetrying(key, 'abandoned');
    this.open.clear();
  }

  private settleReopened(status: (by: 'resume' | 'retry' | 'redrive') => Resolution): void {
    const { reopened } = this;
    if (!reopened) return;
    for (const noted of reopened.errors) this.settle(noted, status(reopened.by));
    this.reopened = undefined;
  }

  private takeOpen(key: string): Noted | undefined {
    const noted = this.open.get(key);
    this.open.delete(key);
    return noted;
  }

  private note(id: string, told: Told, attempt: number | null = null): Noted {
    this.settleRetrying(id, 'retried');
    const { state, visit, attempts } = frameOf(this.now().before.frames, id);
    const noted = this.add('step', { frame: id, state, visit }, told, attempt ?? (attempts > 0 ? attempts : null));
    this.open.set(id, noted);
    return noted;
  }

  private add(
    of: Noted['of'],
    place: { readonly frame: string; readonly state: string; readonly visit: number } | null,
    { error, cause }: Told,
    attempt: number | null,
  ): Noted {
    const { index, command } = this.now();
    const noted: Noted = {
      id: `${this.version}.${index}`,
      at: command.at,
      of,
      state: place?.state ?? null,
      frame: place?.frame ?? null,
      visit: place?.visit ?? null,
      attempt,
      told: { error, cause },
      nextRetryAt: null,
      status: 'open',
      resolvedAt: null,
    };
    this.noted.push(noted);
    if (this.noted.length > ERRORS_SHOWN_MAX) {
      this.noted.shift();
      this.truncated = true;
    }
    return noted;
  }

  private settle(noted: Noted, status: Resolution): void {
    noted.status = status;
    noted.resolvedAt = this.now().command.at;
  }

  private settleRetrying(key: string, status: Resolution): void {
    for (const noted of this.retrying.get(key) ?? []) this.settle(noted, status);
    this.retrying.delete(key);
  }

  private now(): Walked {
    if (!this.walked) throw new Error('no event is being walked');
    return this.walked;
  }
}

const failureIn = ({ command }: Walked): Told => {
  const { body } = command;
  return {
    error: 'error' in body && typeof body.error === 'string' ? body.error : undefined,
    cause: 'cause' in body && typeof body.cause === 'string' ? body.cause : undefined,
  };
};
