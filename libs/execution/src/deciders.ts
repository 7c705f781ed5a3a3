import type {
  DecidedAggregate,
  ExecutionEvent,
  LockEvent,
  ReplayEvent,
  ScheduleEvent,
  TenantEvent,
  WorkflowEvent,
} from '@throughline/contracts';
import type { AggregateRef } from '@throughline/contracts';
import type { AnyState } from './any-state.ts';
import { decideExecution } from './decide/decide-execution.ts';
import type {
  Decider,
  ExecutionCommandRecord,
  LockCommandRecord,
  ReplayCommandRecord,
  TenantCommandRecord,
  ScheduleCommandRecord,
  WorkflowCommandRecord,
} from './decider.ts';
import { evolve } from './evolve.ts';
import { type ExecutionState, initialExecution } from './execution-state.ts';
import { decideLock } from './lock/decide-lock.ts';
import { evolveLock } from './lock/evolve-lock.ts';
import { initialLock, type LockState } from './lock/lock-state.ts';
import { decideReplay } from './replay/decide-replay.ts';
import { evolveReplay } from './replay/evolve-replay.ts';
import { initialReplay, type ReplayState } from './replay/replay-state.ts';
import { decideTenant, evolveTenant } from './tenant/decide-tenant.ts';
import { initialTenant, type TenantState } from './tenant/tenant-state.ts';
import { decideSchedule } from './schedule/decide-schedule.ts';
import { evolveSchedule } from './schedule/evolve-schedule.ts';
import { initialSchedule, type ScheduleState } from './schedule/schedule-state.ts';
import { decideWorkflow, evolveWorkflow } from './workflow/register-workflow.ts';
import { initialWorkflow, type WorkflowState } from './workflow/workflow-state.ts';

export type ExecutionDecider = Decider<ExecutionState, ExecutionCommandRecord, ExecutionEvent>;
export type WorkflowDecider = Decider<WorkflowState, WorkflowCommandRecord, WorkflowEvent>;
export type ScheduleDecider = Decider<ScheduleState, ScheduleCommandRecord, ScheduleEvent>;
export type ReplayDecider = Decider<ReplayState, ReplayCommandRecord, ReplayEvent>;
export type LockDecider = Decider<LockState, LockCommandRecord, LockEvent>;
export type TenantDecider = Decider<TenantState, TenantCommandRecord, TenantEvent>;

export const executionDecider: ExecutionDecider = { initial: initialExecution, decide: decideExecution, evolve };
export const workflowDecider: WorkflowDecider = {
  initial: initialWorkflow,
  decide: decideWorkflow,
  evolve: evolveWorkflow,
};
export const replayDecider: ReplayDecider = { initial: initialReplay, decide: decideReplay, evolve: evolveReplay };
export const scheduleDecider: ScheduleDecider = {
  initial: initialSchedule,
  decide: decideSchedule,
  evolve: evolveSchedule,
};

export const tenantDecider: TenantDecider = { initial: initialTenant, decide: decideTenant, evolve: evolveTenant };

export const lockDecider: LockDecider = { initial: initialLock, decide: decideLock, evolve: evolveLock };

const DECIDERS = {
  execution: executionDecider,
  workflow: workflowDecider,
  replay: replayDecider,
  tenant: tenantDecider,
  schedule: scheduleDecider,
  lock: lockDecider,
};

/** The decider of whatever aggregate a record belongs to; the state says which messages it takes. */
export type AnyDecider<S> = Decider<S, unknown, unknown>;

export const deciderOf = <S extends AnyState>(aggregate: AggregateRef['aggregate']): AnyDecider<S> => {
  if (!Object.hasOwn(DECIDERS, aggregate)) throw new Error(`nothing decides ${aggregate} aggregates`);
  // The cast joins a state with the decider of its own aggregate; TypeScript cannot follow the lookup by name.
  return DECIDERS[aggregate as DecidedAggregate] as unknown as AnyDecider<S>;
};
