import type { Machine } from '@throughline/asl';
import type {
  AggregateRef,
  ErrorCode,
  Instant,
  RecordedExecutionCommand,
  RecordedLockCommand,
  RecordedReplayCommand,
  RecordedTenantCommand,
  RecordedScheduleCommand,
  RecordedWorkflowCommand,
  Refusal,
} from '@throughline/contracts';
import type { Limits } from './limits.ts';

/** A workflow version that was validated: what an execution is pinned to. */
export interface ResolvedMachine {
  readonly name: string;
  readonly version: number;
  /** sha256 of the definition's RFC 8785 form. */
  readonly hash: string;
  readonly machine: Machine;
}

/** Everything outside of state and command that a decision may look at. No clock, no random source, no environment. */
export interface Env {
  readonly at: Instant;
  readonly seed: string;
  /** The resolved version for a start or a move, the pinned one for every other command of an execution; no other aggregate has one. */
  readonly machine?: ResolvedMachine;
  readonly limits: Limits;
  /** Bytes of the command's own body as JSON text. */
  readonly bodyBytes: number;
  /** Bytes that the round holds already, the body included. */
  readonly roundBytes: number;
}

export type Decision<S, E> =
  /** `after` is the state that the events lead to: deciding folds them anyway, and folding twice would double the cost. `bytes` is about what the events weigh, `cost` what evaluating expressions took. */
  | {
      readonly kind: 'accepted';
      readonly events: readonly E[];
      readonly after: S;
      readonly bytes: number;
      readonly cost?: number;
    }
  /** Already decided under another command id; `version` is the commit that holds it. */
  | { readonly kind: 'duplicate'; readonly version: number }
  /** Legal, and nothing to record. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** One aggregate's behaviour. All three functions are pure; `evolve` never evaluates an expression. */
export interface Decider<S, C, E> {
  readonly initial: (ref: AggregateRef) => S;
  readonly decide: (state: S, command: C, env: Env) => Decision<S, E>;
  readonly evolve: (state: S, event: E, command: C) => S;
}

/** Recorded commands before the number of their events is known: what decide and evolve look at. */
type Decided<C> = C extends unknown ? Omit<C, 'events'> : never;
export type ExecutionCommandRecord = Decided<RecordedExecutionCommand>;
export type WorkflowCommandRecord = Decided<RecordedWorkflowCommand>;
export type ReplayCommandRecord = Decided<RecordedReplayCommand>;
export type TenantCommandRecord = Decided<RecordedTenantCommand>;
export type ScheduleCommandRecord = Decided<RecordedScheduleCommand>;
export type LockCommandRecord = Decided<RecordedLockCommand>;

export const refused = (
  code: ErrorCode,
  message: string,
  details?: unknown,
): { kind: 'refused'; refusal: Refusal } => ({
  kind: 'refused',
  refusal: details === undefined ? { code, message } : { code, message, details },
});
