export { AggregateFolds, executionFolds } from './aggregate-folds.ts';
export {
  type ProjectedRecord,
  type Projection,
  type ProjectionBounds,
  type ReadModel,
  schemaOf,
  type SqlResult,
  type SqlTransaction,
  type UnreadableRecord,
  type WriteRows,
} from './projection.ts';
export {
  type ProjectionOptions,
  type ProjectionState,
  type ProjectionStatus,
  type RunnerLog,
  type RunningProjection,
  startProjection,
} from './projection-runner.ts';
export { checkDrift, type DriftCheck, type DriftOptions } from './drift.ts';
export { type Rebuild, rebuildReadModel, type RebuildOptions } from './rebuild.ts';
export { digestReadModel } from './digest.ts';
export { createPool, type PoolOptions } from './pool.ts';
export { jsonColumn, textColumn } from './column-values.ts';
export { type Checkpoint, CheckpointMovedError } from './checkpoint.ts';
export { decodeBatch, prepareBatch, RECORDS_PER_TURN, writeBatch } from './projected-batch.ts';
