import { formatInstant } from '@throughline/asl';
import {
  type CommandId,
  type ExecutionCommand,
  isTerminal,
  type RecordedExecutionCommand,
  type WhatIfCall,
  type WhatIfEnd,
} from '@throughline/contracts';
import {
  type ArmedTimer,
  type CommitAt,
  type ExecutionState,
  openAttempts,
  openRequests,
  walkCommit,
} from '@throughline/execution';
import { askedBy, attemptPlace } from '../record/attempt-place.ts';
import type { PendingCommand, WalkedExecution } from '../walked-execution.ts';
import {
  approvalAsked,
  callOf,
  CONTINUATION,
  EXECUTION_APPROVAL,
  lockAsked,
  lockPlace,
  msOf,
  readdressed,
  type Recorded,
  type RecordedCall,
  type RecordedLag,
  timerPlace,
} from './recorded-answers.ts';

const ROUNDS_MAX = 20_000;
/** A year on the simulated clock. */
const TIME_MAX_MS = 366 * 86_400_000;

/** From where on the record leads no further by itself. */
export interface WalkFrom {
  readonly commit: number;
  readonly event: number;
}

export interface FreeWalk {
  readonly end: WhatIfEnd;
  readonly missing: readonly WhatIfCall[];
  readonly notCalled: readonly WhatIfCall[];
  readonly rounds: readonly CommitAt[];
}

/** An open question of the walked execution, and what was recorded of the same one. */
interface Follow {
  readonly call: RecordedCall;
  readonly askedMs: number;
  next: number;
}

/** Something that comes next. `order`: among what comes at the same moment, as it was recorded. */
interface Item {
  readonly atMs: number;
  readonly commit: number;
  readonly order: number;
  readonly take: () => Taken;
}
type Taken = { readonly command: PendingCommand['command']; readonly onRefused?: () => void } | undefined;

const UNRECORDED = { commit: 0, order: 0 };
const ON_TIME: RecordedLag = { lagMs: 0, fired: false, at: UNRECORDED };

/**
 * Walks on in memory with what the world did in the record: answers to equal requests, after the time that they took;
 * commands of people, when they came. What nobody has answered stays open, and is said.
 */
export function* freeWalk(walked: WalkedExecution, recorded: Recorded, from: WalkFrom): Generator<void, FreeWalk> {
  const walk = new Walk(walked, recorded, from);
  while (walk.step()) yield;
  return walk.outcome();
}

class Walk {
  private readonly walked: WalkedExecution;
  private readonly recorded: Recorded;
  private readonly from: WalkFrom;
  private readonly byAsked = new Map<string, RecordedCall[]>();
  private readonly follows = new Map<string, Follow>();
  private readonly unanswered = new Set<string>();
  private readonly missing: WhatIfCall[] = [];
  private readonly rounds: CommitAt[] = [];
  private readonly refusedTimers = new Set<string>();
  private readonly lagsTaken = new Map<string, number>();
  private readonly startedMs: number;
  private readonly untilMs: number;
  private nextControl = 0;
  private nowMs: number;
  private told = 0;
  private bounded = false;
  private continuationRefused = false;

  constructor(walked: WalkedExecution, recorded: Recorded, from: WalkFrom) {
    this.walked = walked;
    this.recorded = recorded;
    this.from = from;
    this.startedMs = walked.state.start ? msOf(walked.state.start.startedAt) : 0;
    this.nowMs = walked.state.lastAt === null ? this.startedMs : msOf(walked.state.lastAt);
    // An execution that has not ended is compared up to its present moment.
    const { status, lastAt } = recorded.last;
    this.untilMs = isTerminal(status) || lastAt === null ? this.startedMs + TIME_MAX_MS : msOf(lastAt);
    for (const call of recorded.calls) {
      call.used = call.commit < from.commit || (call.commit === from.commit && call.index < from.event);
      const alike = this.byAsked.get(call.asked) ?? [];
      alike.push(call);
      this.byAsked.set(call.asked, alike);
    }
    while (recorded.controls[this.nextControl] && this.isPast(recorded.controls[this.nextControl]))
      this.nextControl += 1;
    this.followAll();
  }

  private isPast(item: { readonly at: { readonly commit: number } } | undefined): boolean {
    return item !== undefined && item.at.commit <= this.from.commit;
  }

  /** One round; false when nothing comes any more. */
  step(): boolean {
    if (this.rounds.length >= ROUNDS_MAX) {
      this.bounded = true;
      return false;
    }
    const items = this.items();
    const first = items.reduce<Item | undefined>(
      (least, item) => (!least || isBefore(item, least) ? item : least),
      undefined,
    );
    if (!first || first.atMs > this.untilMs) {
      this.bounded = first !== undefined && isTerminal(this.recorded.last.status);
      return false;
    }
    // What was decided as one round is decided as one: seeds and tokens are made of the place on the log.
    const together =
      first.commit === 0
        ? [first]
        : items.filter(({ commit, atMs }) => commit === first.commit && atMs <= this.untilMs);
    this.decide([...together].sort((a, b) => (isBefore(a, b) ? -1 : 1)));
    return true;
  }

  private items(): Item[] {
    const items = this.controlItems();
    if (isTerminal(this.walked.state.status)) return items;
    return [...items, ...this.continuationItems(), ...this.timerItems(), ...this.reportItems()];
  }

  private controlItems(): Item[] {
    const control = this.recorded.controls[this.nextControl];
    if (!control) return [];
    const items: Item[] = [];
    for (let i = this.nextControl; this.recorded.controls[i]?.at.commit === control.at.commit; i += 1) {
      const { command, at } = this.recorded.controls[i] ?? control;
      const take = (): Taken => {
        this.nextControl = Math.max(this.nextControl, i + 1);
        return { command: this.renamed(command) };
      };
      items.push({ atMs: msOf(command.at), ...at, take });
    }
    return items;
  }

  private continuationItems(): Item[] {
    const { continuation, hold, pausedAt } = this.walked.state;
    if (!continuation || hold !== null || pausedAt !== null || this.continuationRefused) return [];
    const { lagMs, at } = this.lagOf(CONTINUATION) ?? ON_TIME;
    const take = (): Taken => {
      this.takeLag(CONTINUATION);
      return {
        command: this.own({ type: 'ContinueExecution', body: {} }),
        onRefused: () => (this.continuationRefused = true),
      };
    };
    return [{ atMs: this.nowMs + lagMs, ...at, take }];
  }

  private timerItems(): Item[] {
    const { state } = this.walked;
    if (state.pausedAt !== null) return [];
    const items: Item[] = [];
    for (const timer of state.timers.values()) {
      if (!this.mayFire(timer, state)) continue;
      const place = timerPlace(state, timer);
      const { lagMs, at, fired } = this.lagOf(place) ?? ON_TIME;
      const take = (): Taken => {
        this.takeLag(place);
        return {
          command: this.own({ type: 'FireTimer', body: { timer: timer.id } }),
          onRefused: () => this.refusedTimers.add(timer.id),
        };
      };
      items.push({ atMs: msOf(timer.dueAt) + lagMs, order: at.order, commit: fired ? at.commit : 0, take });
    }
    return items;
  }

  private mayFire({ id, purpose, token }: ArmedTimer, { hold }: ExecutionState): boolean {
    if (this.refusedTimers.has(id) || purpose === 'delivery-retry') return false;
    if (purpose === 'retry' && hold !== null) return false;
    // What guards a call without an answer would only say that it has none; nor does time alone end such an execution.
    if (token !== null && this.unanswered.has(token)) return false;
    return purpose !== 'execution-timeout' || this.unanswered.size === 0;
  }

  private reportItems(): Item[] {
    const items: Item[] = [];
    for (const [id, follow] of this.follows) {
      if (!this.isOpen(id)) {
        this.follows.delete(id);
        continue;
      }
      const { call, askedMs } = follow;
      const report = call.reports[follow.next];
      if (report) {
        const take = (): Taken => {
          follow.next += 1;
          return { command: this.readdressed(report.command, id) };
        };
        items.push({ atMs: askedMs + report.afterMs, ...report.at, take });
      } else if (call.cutAfterMs !== null) {
        const take = (): Taken => this.unknownFromHere(id);
        items.push({ atMs: askedMs + call.cutAfterMs, commit: 0, order: Number.MAX_SAFE_INTEGER, take });
      }
    }
    return items;
  }

  private decide(items: readonly Item[]): void {
    let pending = items.flatMap((item) => {
      const taken = item.take();
      return taken ? [{ ...taken, atMs: Math.max(item.atMs, this.nowMs) }] : [];
    });
    while (pending.length > 0) {
      const { before, outcomes, logged } = this.walked.decide(
        pending.map(({ command, atMs }) => ({ command, at: formatInstant(atMs) })),
      );
      pending.forEach(({ atMs, onRefused }, i) => {
        const kind = outcomes[i]?.kind;
        if (kind === 'refused' || kind === 'ignored') onRefused?.();
        if (kind !== 'deferred') this.nowMs = Math.max(this.nowMs, atMs);
      });
      if (logged) this.take(before, logged);
      pending = pending.filter((_pending, i) => outcomes[i]?.kind === 'deferred');
    }
  }

  private take(before: ExecutionState, logged: CommitAt): void {
    this.rounds.push(logged);
    this.continuationRefused = false;
    walkCommit(before, logged, ({ event, index, after }) => {
      // Looked at as it is opened: a signal that was stored has ended it by the end of the round.
      if (event.type === 'StepScheduled') this.followAttempt(after, `${logged.commit.version}.${index}`);
      if (event.type === 'LocksRequested') this.followLock(after, `${logged.commit.version}.${index}`);
      if (event.type === 'ApprovalRequested' && event.token === undefined) this.followApproval(after, event.approval);
    });
  }

  private followAll(): void {
    const { state } = this.walked;
    for (const { token } of openAttempts(state)) this.followAttempt(state, token);
    for (const { token, attempt } of openRequests(state.locks)) if (attempt === null) this.followLock(state, token);
    for (const { id, token, status } of state.approvals.values()) {
      if (token === null && status === 'pending') this.followApproval(state, id);
    }
  }

  private followAttempt(state: ExecutionState, token: string): void {
    const attempt = state.attempts.get(token);
    if (!attempt) return;
    const asked = askedBy(state, attempt);
    const call = this.known(token) ?? this.found(attemptPlace(attempt), asked, attempt.effectClass === 'pure');
    if (call) this.follow(token, call, msOf(attempt.scheduledAt));
    // Signals come by themselves.
    else if (attempt.awaits !== 'signal') this.unansweredCall(token);
  }

  private followLock(state: ExecutionState, token: string): void {
    const request = openRequests(state.locks).find((open) => open.token === token);
    if (!request || request.attempt !== null) return;
    const askedMs = msOf(request.requestedAt);
    const call = this.known(token) ?? this.found(lockPlace(state, request.frame), lockAsked(request.assets), false);
    this.follow(token, call ?? this.granted(token, request.assets), askedMs);
  }

  private followApproval(state: ExecutionState, id: string): void {
    const approval = state.approvals.get(id);
    const call = this.known(id.replace('-', '.')) ?? this.found(EXECUTION_APPROVAL, approvalAsked, false);
    if (call && approval) this.follow(id, call, msOf(approval.requestedAt));
  }

  private follow(id: string, call: RecordedCall, askedMs: number): void {
    const next = call.used && this.isBeforeWalk(call) ? call.reports.filter((report) => this.isPast(report)).length : 0;
    call.used = true;
    this.follows.set(id, { call, askedMs, next });
  }

  private isBeforeWalk({ commit, index }: RecordedCall): boolean {
    return commit < this.from.commit || (commit === this.from.commit && index < this.from.event);
  }

  /** The very one, where it was asked before the paths parted. */
  private known(token: string): RecordedCall | undefined {
    const [commit, index] = token.split('.').map(Number);
    const call = this.recorded.calls.find((one) => one.commit === commit && one.index === index);
    return call && this.isBeforeWalk(call) ? call : undefined;
  }

  /** An answer to an equal request: at the same place, or wherever one is left. Only pure steps answer twice. */
  private found(place: string, asked: string, isPure: boolean): RecordedCall | undefined {
    const alike = this.byAsked.get(asked) ?? [];
    const left = alike.filter(({ used }) => !used);
    return left.find((call) => call.place === place) ?? left[0] ?? (isPure ? alike.at(-1) : undefined);
  }

  /** Nobody else is there who could hold the locks. */
  private granted(token: string, assets: readonly string[]): RecordedCall {
    const reports = assets.map((asset, i) => {
      const body = { request: token, asset, fencingToken: i + 1 };
      // The casts name what a recorded command has beyond one of the walk's own.
      const command = {
        ...this.own({ type: 'RecordLockGrant', body } as ExecutionCommand),
      } as RecordedExecutionCommand;
      return { afterMs: 0, at: UNRECORDED, command };
    });
    return { place: '', asked: '', askedMs: 0, commit: 0, index: 0, reports, cutAfterMs: null, used: true };
  }

  private isOpen(id: string): boolean {
    const { attempts, approvals, locks } = this.walked.state;
    if (attempts.has(id)) return !this.unanswered.has(id);
    const request = locks?.open.get(id);
    return request ? request.attempt === null : approvals.get(id)?.status === 'pending';
  }

  private unknownFromHere(id: string): undefined {
    this.follows.delete(id);
    if (this.walked.state.attempts.has(id)) this.unansweredCall(id);
    return undefined;
  }

  private unansweredCall(token: string): void {
    const attempt = this.walked.state.attempts.get(token);
    if (!attempt || this.unanswered.has(token)) return;
    this.unanswered.add(token);
    this.missing.push(callOf(attempt));
  }

  private readdressed(command: RecordedExecutionCommand, id: string): PendingCommand['command'] {
    const { state } = this.walked;
    const attempt = state.attempts.get(id);
    const ofLock = command.type === 'FailLock' || command.type === 'RecordLockGrant';
    const approval =
      command.type === 'DecideApproval'
        ? [...state.approvals.values()].find(
            ({ id: own, token, status }) => status === 'pending' && (own === id || token === id),
          )
        : undefined;
    const to = approval?.id ?? (ofLock ? attempt?.lockRequest : undefined) ?? id;
    return this.renamed(readdressed(command, to, approval?.contentHash));
  }

  /** Under an id of its own: one answer may serve twice. */
  private renamed({ at: _at, seed: _seed, events: _events, ...command }: RecordedExecutionCommand) {
    this.told += 1;
    return { ...command, id: `walked-${this.told}` as CommandId }; // a subject token
  }

  private own(command: ExecutionCommand): PendingCommand['command'] {
    this.told += 1;
    return { id: `walked-${this.told}` as CommandId, actor: { kind: 'system', id: 'what-if' }, ...command };
  }

  private lagOf(place: string): RecordedLag | undefined {
    const lags = this.recorded.lags.get(place)?.filter((lag) => !this.isPast(lag));
    return lags?.[this.lagsTaken.get(place) ?? 0];
  }

  private takeLag(place: string): void {
    this.lagsTaken.set(place, (this.lagsTaken.get(place) ?? 0) + 1);
  }

  outcome(): FreeWalk {
    const { state } = this.walked;
    const ended = isTerminal(state.status);
    if (!ended && isTerminal(this.recorded.last.status) && !this.bounded) {
      for (const { token } of openAttempts(state)) this.unansweredCall(token);
    }
    const isSoFar = !ended && !isTerminal(this.recorded.last.status);
    const left = isSoFar ? [] : this.recorded.calls.filter(({ used, call }) => !used && call?.effectClass !== 'pure');
    return {
      end: this.bounded ? { status: 'bounded' } : endOf(state),
      missing: this.missing,
      notCalled: left.flatMap(({ call }) => (call ? [call] : [])),
      rounds: this.rounds,
    };
  }
}

const isBefore = (a: Item, b: Item): boolean => (a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs);

export const endOf = ({ status, end }: ExecutionState): WhatIfEnd => ({
  status,
  ...(end?.output === undefined ? {} : { output: end.output }),
  ...(end?.error === undefined ? {} : { error: end.error }),
  ...(end?.cause === undefined ? {} : { cause: end.cause }),
});
