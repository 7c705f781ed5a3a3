import type {
  Commit,
  ExecutionEvent,
  LockEvent,
  RecordedExecutionCommand,
  RecordedLockCommand,
  RecordedReplayCommand,
  RecordedScheduleCommand,
  RecordedTenantCommand,
  RecordedWorkflowCommand,
  ReplayEvent,
  ScheduleEvent,
  TenantEvent,
  WorkflowEvent,
} from '@throughline/contracts';
import { withCommand, withCommit } from './aggregate-state.ts';
import type { AnyState } from './any-state.ts';
import { deciderOf } from './deciders.ts';
import type { ExecutionState } from './execution-state.ts';
import type { LockState } from './lock/lock-state.ts';
import type { ReplayState } from './replay/replay-state.ts';
import type { TenantState } from './tenant/tenant-state.ts';
import type { ScheduleState } from './schedule/schedule-state.ts';
import type { WorkflowState } from './workflow/workflow-state.ts';

/** A commit with its place on the log. */
export interface CommitAt {
  readonly commit: Commit;
  readonly seq: number;
  /** What stands on the log, where an older build wrote it in an older form. */
  readonly asWritten?: unknown;
}

interface MessagesOf {
  execution: { event: ExecutionEvent; command: RecordedExecutionCommand };
  workflow: { event: WorkflowEvent; command: RecordedWorkflowCommand };
  replay: { event: ReplayEvent; command: RecordedReplayCommand };
  tenant: { event: TenantEvent; command: RecordedTenantCommand };
  schedule: { event: ScheduleEvent; command: RecordedScheduleCommand };
  lock: { event: LockEvent; command: RecordedLockCommand };
}
type MessagesFor<S extends AnyState> = S extends ExecutionState
  ? MessagesOf['execution']
  : S extends WorkflowState
    ? MessagesOf['workflow']
    : S extends ReplayState
      ? MessagesOf['replay']
      : S extends TenantState
        ? MessagesOf['tenant']
        : S extends ScheduleState
          ? MessagesOf['schedule']
          : S extends LockState
            ? MessagesOf['lock']
            : never;

/** One event of a commit, with the command that caused it and the states around it. */
export interface WalkedEvent<S extends AnyState> {
  readonly event: MessagesFor<S>['event'];
  readonly command: MessagesFor<S>['command'];
  /** Of the event in the commit: `<version>.<index>` names it. */
  readonly index: number;
  readonly before: S;
  readonly after: S;
}

/**
 * Folds one commit and shows every event on the way. Throws where the commit does not follow the state: a reader that
 * skipped or repeated one would go on with a state that never was.
 */
export const walkCommit = <S extends AnyState>(
  state: S,
  logged: CommitAt,
  visit: (walked: WalkedEvent<S>) => void,
): S => {
  const { commit } = logged;
  if (commit.aggregate !== state.ref.aggregate || commit.aggregateId !== state.ref.aggregateId) {
    throw new Error(
      `a commit of ${commit.aggregate} ${commit.aggregateId} does not belong to ${state.ref.aggregateId}`,
    );
  }
  if (commit.version !== state.version + 1) {
    throw new Error(`commit ${commit.version} of ${commit.aggregateId} does not follow version ${state.version}`);
  }
  const { evolve } = deciderOf<S>(state.ref.aggregate);
  let current: S = { ...state, rules: commit.rules };
  let index = 0;
  for (const command of commit.commands) {
    const end = index + command.events;
    for (; index < end; index += 1) {
      const event = commit.events[index];
      if (!event)
        throw new Error(`commit ${commit.version} of ${commit.aggregateId} has fewer events than its commands`);
      const before = current;
      current = evolve(before, event, command);
      // The casts join what the checked aggregate already joins: its own commands, events and state.
      visit({ event, command, index, before, after: current } as unknown as WalkedEvent<S>);
    }
    current = withCommand(current, command);
  }
  if (index !== commit.events.length) {
    throw new Error(`commit ${commit.version} of ${commit.aggregateId} has more events than its commands`);
  }
  return withCommit(current, logged.seq);
};

const unseen = (): void => {};

export const foldCommit = <S extends AnyState>(state: S, logged: CommitAt): S => walkCommit(state, logged, unseen);
