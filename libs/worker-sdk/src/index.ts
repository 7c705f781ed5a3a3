export { callHeaders, CORRELATION_BAGGAGE_KEY, traceContextOf, traceparentOf } from './attempt-span.ts';
export {
  AttemptAbandoned,
  executeTask,
  type ExecuteTaskOptions,
  type StepReport,
  type TaskLog,
} from './execute-task.ts';
export { FENCING_TOKENS_HEADER, FencingGate, fencingHeaders, fencingTokenFor } from './fencing-tokens.ts';
export {
  defineHandler,
  type Handler,
  type HandlerContext,
  type HandlerDefinition,
  type LogAttributes,
  type LogLevel,
  type TypedHandler,
} from './handler.ts';
export { type HandlerSet, handlerSet } from './handler-set.ts';
export { jsonHash } from './json-hash.ts';
export { createSecretStore, SecretMissing, type SecretStore, type SecretStoreOptions } from './secret-store.ts';
export { type RunningWorker, startWorker, type StartWorkerOptions } from './start-worker.ts';
export { ERROR_NAMES, StepDeferral, StepError } from './step-error.ts';
export { logLineOf } from './task-log.ts';
export {
  type CommandSending,
  createTaskProcessor,
  DELIVERIES_MAX,
  ReportUnanswered,
  sendUntilAnswered,
  type TaskProcessor,
  type TaskProcessorOptions,
} from './task-processor.ts';
export { handleTask, handleTaskMessage, taskQueueConsumer } from './task-queue.ts';
export { listenForCancels, RunningAttempts } from './running-attempts.ts';
