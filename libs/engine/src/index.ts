export { Admission, type AdmissionOptions } from './commands/admission.ts';
export { FairTurns } from './commands/fair-turns.ts';
export { CommandLoop, type CommandLoopParts, type LoopCounters } from './commands/command-loop.ts';
export { checkCommand, type CommandHandlerParts, handleCommand } from './commands/check-command.ts';
export { fireTimerOf, handleDueTimer } from './commands/fire-timer.ts';
export { type DecideSpan, NO_SPAN, type StartDecideSpan } from './commands/decide-span.ts';
export { LogRoom, type Room } from './commands/log-room.ts';
export type { ReceivedCommand } from './commands/received-command.ts';
export { type Loaded, StateCache } from './commands/state-cache.ts';
export { TenantSettings } from './commands/tenant-settings.ts';
export { WorkflowCatalog, type WorkflowCatalogOptions } from './commands/workflow-catalog.ts';
export { EffectPublisher, type EffectPublisherParts, type TokenBearer } from './effects/effect-publisher.ts';
export type { DeadLetterAct, EffectSink, QueueView } from './effects/queues.ts';
export { BROKER_CLOCK, fastClock, instantOf, type LogClock } from './log-clock.ts';
export type { Preflight, PreflightSubject } from './preflight.ts';
export { lockReconciler } from './reconcile/lock-reconciler.ts';
export { Reconciler, type ReconcilerOptions } from './reconcile/reconciler.ts';
export { scheduleReconciler } from './reconcile/schedule-reconciler.ts';
export type {
  LocksStandingStill,
  LockToLookAt,
  OpenExecution,
  SchedulesStandingStill,
  ScheduleToLookAt,
  StandingStill,
} from './reconcile/standing-still.ts';
export { upcomingInstants } from './schedules/found-for-schedule.ts';
