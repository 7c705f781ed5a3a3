import type { ExecutionState } from './execution-state.ts';
import type { LockState } from './lock/lock-state.ts';
import type { ReplayState } from './replay/replay-state.ts';
import type { ScheduleState } from './schedule/schedule-state.ts';
import type { TenantState } from './tenant/tenant-state.ts';
import type { WorkflowState } from './workflow/workflow-state.ts';

/** The state of any aggregate that is decided; `ref.aggregate` says which. */
export type AnyState = ExecutionState | WorkflowState | ReplayState | TenantState | ScheduleState | LockState;
