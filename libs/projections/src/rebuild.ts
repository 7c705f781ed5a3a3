import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadModelDigest, RebuildReport, Refusal, TableRebuilt } from '@throughline/contracts';
import { logPosition } from '@throughline/event-log/jetstream';
import type { PoolClient } from 'pg';
import { quoted, rebuildLock, servingLock } from './batch-transaction.ts';
import { digestTables } from './digest.ts';
import { exclusively, inSnapshot } from './exclusive-client.ts';
import type { ReadModel } from './projection.ts';
import { exists, servingSeq, type ShadowOptions, ShadowTables, UnreadableLogError } from './shadow-tables.ts';

export type RebuildOptions = ShadowOptions;
export type Rebuild =
  | { readonly kind: 'rebuilt'; readonly report: RebuildReport; readonly records: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Of what happened to a row within one batch only the end is written, so large ones write less. Bounded by the bytes of a pull, too. */
const BATCH_SIZE = 5_000;
const SWAP_LOCK_TIMEOUT_MS = 30_000;
/** The serving projection is a fraction of a second behind; one that stands still is not waited for any longer. */
const SERVING_WAIT_MS = 5_000;
const SERVING_LOOK_MS = 100;

const schemaExists = async (client: PoolClient, schema: string): Promise<boolean> =>
  (await client.query<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [quoted(schema)])).rows[0]
    ?.there === true;

/** Tables that the log does not hold go over as they are. */
const carryOver = async (client: PoolClient, from: string, to: string, tables: readonly string[]): Promise<void> => {
  for (const table of tables) {
    if (!(await exists(client, `${quoted(from)}.${quoted(table)}`))) continue;
    await client.query(`DROP TABLE IF EXISTS ${quoted(to)}.${quoted(table)} CASCADE`);
    await client.query(`ALTER TABLE ${quoted(from)}.${quoted(table)} SET SCHEMA ${quoted(to)}`);
  }
};

/** Two digests can be compared only where both are as of one place on the log, and the new tables may be ahead. */
const awaitServing = async (client: PoolClient, schema: string, { seq, created }: ShadowTables): Promise<void> => {
  for (let waitedMs = 0; waitedMs < SERVING_WAIT_MS; waitedMs += SERVING_LOOK_MS) {
    const serving = await servingSeq(client, schema, created);
    if (serving === 0 || serving >= seq) return;
    await sleep(SERVING_LOOK_MS);
  }
};

/**
 * One transaction: a reader sees the old tables or the new ones. The serving runner then finds its checkpoint moved and
 * restarts. `digest` is called while nothing changes either of them, and goes on reading that snapshot after the swap.
 */
const swap = async (client: PoolClient, readModel: ReadModel, shadow: ShadowTables): Promise<boolean> => {
  const { schema, tablesNotFromLog = [] } = readModel;
  const hadTables = await schemaExists(client, schema);
  if (hadTables) {
    await carryOver(client, schema, shadow.name, tablesNotFromLog);
    await client.query(`ALTER SCHEMA ${quoted(schema)} RENAME TO ${quoted(retiredOf(schema))}`);
  }
  await client.query(`ALTER SCHEMA ${quoted(shadow.name)} RENAME TO ${quoted(schema)}`);
  return hadTables;
};

const retiredOf = (schema: string): string => `${schema}_retired`;

/** Swaps while no batch can commit to either; the digests are of that moment, and are made after it, of a snapshot. */
const swapAndDigest = async (
  client: PoolClient,
  { pool, readModel }: RebuildOptions,
  shadow: ShadowTables,
): Promise<RebuildReport> => {
  const { schema } = readModel;
  const retired = retiredOf(schema);
  await awaitServing(client, schema, shadow);
  await client.query(
    `RESET search_path; DROP SCHEMA IF EXISTS ${quoted(retired)} CASCADE;
     BEGIN; SET LOCAL lock_timeout TO ${SWAP_LOCK_TIMEOUT_MS}; SELECT pg_advisory_xact_lock(${servingLock(schema)})`,
  );
  try {
    // No batch of the serving tables can commit from here on, so what is left to catch up is little and final.
    await shadow.projectTo(await servingSeq(client, schema, shadow.created));
    return await inSnapshot(pool, async (snapshot) => {
      const hadTables = await swap(client, readModel, shadow);
      await client.query('COMMIT');
      const before = hadTables ? await digestTables(snapshot, retired, readModel) : null;
      const after = await digestTables(snapshot, schema, readModel);
      return reportOf(before, after ?? { service: readModel.service, seq: shadow.seq, tables: {} });
    });
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    await client.query(`DROP SCHEMA IF EXISTS ${quoted(retired)} CASCADE`).catch(() => undefined);
  }
};

const reportOf = (before: ReadModelDigest | null, after: ReadModelDigest): RebuildReport => ({
  service: after.service,
  before,
  after,
  tables: Object.fromEntries(
    Object.entries(after.tables).map(([table, { rows, columns }]): [string, TableRebuilt] => {
      const was = before?.tables[table];
      if (!was) return [table, 'new'];
      const isEqual =
        was.rows === rows && Object.entries(columns).every(([column, hash]) => was.columns[column] === hash);
      return [table, isEqual ? 'equal' : 'different'];
    }),
  ),
});

const rebuildLocked = async (client: PoolClient, given: RebuildOptions): Promise<Rebuild> => {
  const options = { ...given, batchSize: given.batchSize ?? BATCH_SIZE };
  const name = `${options.readModel.schema}_rebuild`;
  await ShadowTables.create(client, name, options);
  const shadow = await ShadowTables.open(name, 0, options);
  try {
    await shadow.projectTo((await logPosition(options.nc)).lastSeq);
    return { kind: 'rebuilt', report: await swapAndDigest(client, options, shadow), records: shadow.records };
  } catch (error) {
    await client.query(`RESET search_path; DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE`).catch(() => undefined);
    if (!(error instanceof UnreadableLogError)) throw error;
    const { code, seq } = error.record;
    return { kind: 'refused', refusal: { code, message: error.message, details: { seq } } };
  } finally {
    await shadow.close();
  }
};

/**
 * Projects the whole log into shadow tables beside the serving ones and swaps them in. Serves throughout, and repairs
 * damaged or dropped tables. One at a time per schema: the second caller is refused.
 */
export const rebuildReadModel = async (options: RebuildOptions): Promise<Rebuild> => {
  const { pool, readModel } = options;
  const rebuilt = await exclusively(pool, rebuildLock(readModel.schema), (client) => rebuildLocked(client, options));
  if (rebuilt) return rebuilt;
  const message = `a rebuild of ${readModel.service} is running already; ask for its digest when it is through`;
  return { kind: 'refused', refusal: { code: 'TL0402', message } };
};
