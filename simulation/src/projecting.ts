import { STREAMS } from '@throughline/contracts';
import { ServedEventLog } from '@throughline/event-log';
import { CheckpointMovedError, decodeBatch, prepareBatch, type ReadModel, writeBatch } from '@throughline/projections';
import type { Chance } from './chance.ts';
import { NoAnswer, type Process } from './network.ts';
import { inTransaction, LockTaken, type SimulatedDatabase, TransactionOver } from './simulated-database.ts';
import { logServerFor, type SimulatedLog } from './simulated-log.ts';
import { SimulatedTables } from './simulated-tables.ts';

export interface ProjectingParts {
  readonly process: Process;
  readonly chance: Chance;
  readonly log: SimulatedLog;
  readonly database: SimulatedDatabase;
  readonly model: ReadModel;
  readonly batchMax: number;
  /** Whatever goes wrong that no server is to blame for. */
  readonly onProblem: (problem: string) => void;
}

const CREATED = '2026-01-01T00:00:00.000Z';
const AGAIN_MS = 200;

/** A service's own projection, from its checkpoint on; after whatever goes wrong, from the checkpoint again. */
export const runProjection = async (parts: ProjectingParts): Promise<void> => {
  const { process, model, onProblem } = parts;
  const projection = model.createProjection(
    new ServedEventLog(logServerFor(process, parts.log), { decode: parts.log.decode }),
  );
  for (;;) {
    try {
      await fromCheckpoint(parts, projection);
    } catch (error) {
      if (!isExpected(error)) onProblem(`${model.schema}: ${error instanceof Error ? error.message : String(error)}`);
      await process.sleep(AGAIN_MS);
    }
  }
};

/** Two runners of one schema, or a server that did not answer. */
const isExpected = (error: unknown): boolean =>
  error instanceof NoAnswer ||
  error instanceof CheckpointMovedError ||
  error instanceof LockTaken ||
  error instanceof TransactionOver;

const fromCheckpoint = async (
  { process, chance, log, database, batchMax }: ProjectingParts,
  projection: ReturnType<ReadModel['createProjection']>,
): Promise<void> => {
  const rewind = async (to: number): Promise<void> => {
    const from = Math.max(1, to - chance.below(batchMax));
    const { commits } = await decodeBatch(await process.call(() => log.from(from, batchMax)), log.decode);
    projection.follow?.(commits.filter((record) => record.seq <= to));
  };
  let seq = await process.call(() => checkpointOf(database));
  if (chance.oneIn(2)) await rewind(seq);
  for (;;) {
    await new Promise<void>((resolve) => log.grown(seq, () => process.after(chance.below(100), resolve)));
    const records = await process.call(() => log.from(seq + 1, 1 + chance.below(batchMax)));
    const decoded = await decodeBatch(records, log.decode);
    if (decoded.commits.length === 0) continue;
    const batch = await prepareBatch(projection, decoded);
    const checkpoint = { stream: STREAMS.log, created: CREATED, seq };
    await inTransaction(process, database, (sql) => writeBatch(sql, batch, checkpoint));
    seq = batch.lastSeq;
  }
};

export const checkpointOf = (database: SimulatedDatabase): number => {
  const [row] = [...database.committed().rowsOf('projection_checkpoint').values()];
  return Number(row?.['seq'] ?? 0);
};

/** What the rows have to be: all of the log up to a sequence, taken in at once by a projection that has seen nothing else. */
export const rebuilt = async (
  model: ReadModel,
  log: SimulatedLog,
  lastSeq: number,
  process: Process,
): Promise<SimulatedTables> => {
  const tables = new SimulatedTables();
  const projection = model.createProjection(new ServedEventLog(logServerFor(process, log), { decode: log.decode }));
  const batch = await prepareBatch(projection, await decodeBatch(log.records.slice(0, lastSeq), log.decode));
  // A statement's author says what its rows are, as with Postgres.
  const query = (text: string, values: readonly unknown[] = []) =>
    Promise.resolve(tables.query(text, values) as unknown as { rows: never[]; rowCount: number });
  await writeBatch({ query }, batch, { stream: STREAMS.log, created: CREATED, seq: 0 });
  return tables;
};
