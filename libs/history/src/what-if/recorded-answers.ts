import { parseInstant } from '@throughline/asl';
import type { ExecutionEvent, Instant, RecordedExecutionCommand, WhatIfCall } from '@throughline/contracts';
import {
  type ArmedTimer,
  canonicalHash,
  type CommitAt,
  type ExecutionState,
  frameOf,
  isControlCommand,
  type OpenAttempt,
  type WalkedEvent,
} from '@throughline/execution';
import { askedBy, attemptPlace } from '../record/attempt-place.ts';
import { walkHistory } from '../walk-history.ts';

/** What somebody outside of the execution said, and how long after it was asked. */
export interface RecordedReport {
  readonly afterMs: number;
  readonly command: RecordedExecutionCommand;
  readonly at: Said;
}

/** Where a command stands on the log: its commit, and its number among all commands. */
export interface Said {
  readonly commit: number;
  readonly order: number;
}

/** One question of the execution to the world, with everything that was answered. */
export interface RecordedCall {
  readonly place: string;
  readonly asked: string;
  readonly askedMs: number;
  /** Where it stands on the log. */
  readonly commit: number;
  readonly index: number;
  readonly call?: WhatIfCall;
  readonly reports: RecordedReport[];
  /** Until when nobody had answered, where the execution itself ended the wait; null: answered, or still open. */
  cutAfterMs: number | null;
  used: boolean;
}

/** The world of one recorded execution. */
export interface Recorded {
  readonly calls: readonly RecordedCall[];
  /** Commands that nothing in the execution asked for, in order. */
  readonly controls: readonly RecordedReport[];
  /** How late timers fired, by what they were for, and continuations were taken up. */
  readonly lags: ReadonlyMap<string, readonly RecordedLag[]>;
  readonly last: ExecutionState;
}

export interface RecordedLag {
  readonly lagMs: number;
  /** Otherwise it was overdue when it was cancelled: engines can be down for a while. */
  readonly fired: boolean;
  readonly at: Said;
}
export const CONTINUATION = 'continuation';

export const msOf = (at: Instant): number => parseInstant(at) ?? 0;

export const EXECUTION_APPROVAL = 'approval';
export const approvalAsked = 'approval of the execution';

export const lockPlace = (state: ExecutionState, frame: string): string => {
  const { state: name, visit } = frameOf(state.frames, frame);
  return JSON.stringify(['lock', frame, name, visit]);
};
export const lockAsked = (assets: readonly string[]): string => canonicalHash(['lock', [...assets]]);

export const timerPlace = (state: ExecutionState, { purpose, frame }: ArmedTimer): string => {
  const { state: name = '', visit = 0 } = state.frames.byId.get(frame) ?? {};
  return JSON.stringify([purpose, frame, name, visit]);
};

export const callOf = ({ state, frame, visit, attempt, resource, effectClass, input }: OpenAttempt): WhatIfCall => ({
  state,
  frame,
  visit,
  attempt,
  resource,
  effectClass,
  request: input,
});

/** Everything that the world did to an execution. */
export const recordedOf = (commits: readonly CommitAt[]): Recorded => {
  const recording = new Recording();
  const last = walkHistory(commits, (walked) => recording.see(walked));
  if (!last) throw new Error('an execution without commits');
  return { calls: recording.calls, controls: recording.controls, lags: recording.lags, last };
};

class Recording {
  readonly calls: RecordedCall[] = [];
  readonly controls: RecordedReport[] = [];
  readonly lags = new Map<string, RecordedLag[]>();
  private readonly open = new Map<string, RecordedCall>();
  private command: RecordedExecutionCommand | undefined;
  private order = 0;

  see(walked: WalkedEvent<ExecutionState>): void {
    if (walked.command !== this.command) {
      this.command = walked.command;
      this.hear(walked.command, walked.before);
    }
    this.follow(walked);
  }

  private hear(command: RecordedExecutionCommand, before: ExecutionState): void {
    this.order += 1;
    const at = { commit: before.version + 1, order: this.order };
    const call = this.open.get(aboutOf(command) ?? '');
    if (call) call.reports.push({ afterMs: msOf(command.at) - call.askedMs, at, command });
    else if (isControlCommand(command.type)) this.controls.push({ afterMs: 0, at, command });
    else if (command.type === 'ContinueExecution') this.late(CONTINUATION, command, before.lastAt ?? command.at, at);
  }

  private follow({ event, command, index, before, after }: WalkedEvent<ExecutionState>): void {
    const at = { askedMs: msOf(command.at), commit: before.version + 1, index };
    switch (event.type) {
      case 'StepScheduled':
        return this.opened(`${before.version + 1}.${index}`, at, after);
      case 'ApprovalRequested':
        return this.approval(event, at);
      case 'LocksRequested': {
        const token = `${before.version + 1}.${index}`;
        return this.ask(token, { ...at, place: lockPlace(before, event.frame), asked: lockAsked(event.assets) });
      }
      case 'LockWaitEnded':
        return this.cut(event.request, command);
      case 'StepSucceeded':
      case 'StepFailed':
      case 'StepTimedOut':
      case 'StepCancelled':
        return this.cut(event.token, command);
      case 'TimerFired':
      case 'TimerCancelled':
        return this.timerClosed(event, command, before);
      default:
        return;
    }
  }

  private ask(token: string, call: Omit<RecordedCall, 'reports' | 'cutAfterMs' | 'used'>): void {
    const asked = { ...call, reports: [], cutAfterMs: null, used: false };
    this.calls.push(asked);
    this.open.set(token, asked);
  }

  private opened(token: string, at: { askedMs: number; commit: number; index: number }, after: ExecutionState): void {
    const attempt = after.attempts.get(token);
    if (!attempt) return;
    this.ask(token, { ...at, place: attemptPlace(attempt), asked: askedBy(after, attempt), call: callOf(attempt) });
    // Taking a lock away is said of the request.
    if (attempt.lockRequest !== null) this.alias(attempt.lockRequest, token);
  }

  private approval(
    { approval, token }: Extract<ExecutionEvent, { type: 'ApprovalRequested' }>,
    at: { askedMs: number; commit: number; index: number },
  ): void {
    if (token === undefined) this.ask(approval, { ...at, place: EXECUTION_APPROVAL, asked: approvalAsked });
    else this.alias(approval, token);
  }

  private alias(name: string, token: string): void {
    const call = this.open.get(token);
    if (call) this.open.set(name, call);
  }

  private cut(token: string, command: RecordedExecutionCommand): void {
    const call = this.open.get(token);
    this.open.delete(token);
    if (!call || command.type === 'SignalExecution') return;
    if (call.reports.at(-1)?.command !== command) call.cutAfterMs = msOf(command.at) - call.askedMs;
  }

  private timerClosed(
    { type, timer }: Extract<ExecutionEvent, { type: 'TimerFired' | 'TimerCancelled' }>,
    command: RecordedExecutionCommand,
    before: ExecutionState,
  ): void {
    const armed = before.timers.get(timer);
    if (!armed) return;
    const at = { commit: before.version + 1, order: this.order };
    const place = timerPlace(before, armed);
    if (type === 'TimerFired') this.late(place, command, armed.dueAt, at);
    // Right after what cancelled it.
    else if (command.at > armed.dueAt) this.late(place, command, armed.dueAt, { ...at, order: at.order + 0.5 }, false);
  }

  private late(place: string, command: RecordedExecutionCommand, dueAt: Instant, at: Said, fired = true): void {
    const lags = this.lags.get(place) ?? [];
    lags.push({ lagMs: Math.max(0, msOf(command.at) - msOf(dueAt)), fired, at });
    this.lags.set(place, lags);
  }
}

/** The attempt, lock request or approval that a command answers. */
const aboutOf = ({ body }: RecordedExecutionCommand): string | undefined => {
  if ('token' in body) return body.token;
  if ('request' in body) return body.request;
  return 'approval' in body ? body.approval : undefined;
};

/** A recorded command about another attempt, lock request or approval. */
export const readdressed = (
  { body, ...command }: RecordedExecutionCommand,
  to: string,
  contentHash: string | undefined,
): RecordedExecutionCommand => {
  const about = 'token' in body ? 'token' : 'request' in body ? 'request' : 'approval';
  const seen = 'contentHash' in body && contentHash !== undefined ? { contentHash } : {};
  // The cast joins a command with its own body again, in which one name was put in the place of another.
  return { ...command, body: { ...body, [about]: to, ...seen } } as RecordedExecutionCommand;
};
