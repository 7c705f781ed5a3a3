export type * from './machine.ts';
export type * from './extension.ts';
export { FAULT_CODES, type FaultCode } from './validate/fault-codes.ts';
export type { Scope } from './scope.ts';
export { Expenses } from './cost-meter.ts';
export { runtimeCause, type Evaluated, type Failed } from './evaluated.ts';
export { formatInstant, parseInstant } from './instant.ts';
export { parseMachine, type ParsedMachine } from './parse-machine.ts';
export { catchExit, type ErrorOutput, type Exit, passResult, stateExit, stateInput } from './data-flow.ts';
export { chooseNext, type Chosen } from './choice.ts';
export { failOutcome, type FailOutcome } from './fail.ts';
export { type MutexAssets, mutexAssets } from './mutex.ts';
export { taskTimes, type TaskTimes } from './seconds.ts';
export { waitUntil } from './wait.ts';
export {
  type ItemBatches,
  iterationInput,
  mapBatches,
  ITEM_READER_FAILED,
  itemsRead,
  mapPlan,
  type MapPlan,
  mapTolerance,
  type MapTolerance,
  readerInput,
} from './map-plan.ts';
export { findRetrier, retryDelayMs } from './retry.ts';
export { activityQueue } from './activity-queue.ts';
export { childAwaits } from './child-awaits.ts';
export { findCatcher } from './catch.ts';
export { hasState } from './state-names.ts';
export { type ReadDefinition, readDefinitionText } from './definition-text.ts';
