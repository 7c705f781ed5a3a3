/** Where to look for what was lost. What is awaited comes from the log; who stands still is asked of a read model. */
export interface StandingStill {
  /** Open executions of all tenants that nothing happened to since `before`, in order of their start, after the given one. */
  standingStill(before: string, limit: number, after?: OpenExecution): Promise<readonly OpenExecution[]>;
  /** Ended executions whose result is still on its way, and that nothing happened to since `before`. */
  deliveringStill(before: string, limit: number): Promise<readonly OpenExecution[]>;
}

export interface OpenExecution {
  readonly tenant: string;
  readonly id: string;
  readonly startedAt: string;
}

export interface LocksStandingStill {
  /** Locks that somebody holds or waits for, and that nothing happened to since `before`, after the given one. */
  standingStill(before: string, limit: number, after?: LockToLookAt): Promise<readonly LockToLookAt[]>;
}

export interface LockToLookAt {
  readonly tenant: string;
  readonly asset: string;
}

export interface SchedulesStandingStill {
  /** Schedules that wait for an instant or a run, and that nothing happened to since `before`, after the given one. */
  standingStill(before: string, limit: number, after?: ScheduleToLookAt): Promise<readonly ScheduleToLookAt[]>;
}

export interface ScheduleToLookAt {
  readonly tenant: string;
  readonly id: string;
}
