import { createClient } from '@throughline/client';
import { isTerminal, readModelRoutesByService, type ServiceName, SERVICES } from '@throughline/contracts';
import { lastSeqOfKind, logPosition, type NatsConnection } from '@throughline/event-log/jetstream';
import { schemaOf } from '@throughline/projections';
import type { Pool } from 'pg';
import type { ExecutionBooks } from '../execution-book.ts';
import type { PromiseTable } from '../promise-table.ts';
import { checkpointsOf, projectedSchemas } from './checkpoint-watch.ts';

/** Until when every projection has to have read the log. */
interface Patience {
  readonly timeoutMs: number;
}

const POLL_MS = 100;
const DRIFT_SECONDS = 30;
const DRIFT_ROUNDS_MAX = 200;

/** A projection that reads one aggregate alone is up to date with the last commit of that. */
const behind = async (nc: NatsConnection, pool: Pool): Promise<readonly string[]> => {
  const { lastSeq } = await logPosition(nc);
  const lastReplay = await lastSeqOfKind(nc, 'replay');
  return (await checkpointsOf(pool)).flatMap(({ schema, seq }) => {
    const head = schema === schemaOf('replay-service') ? lastReplay : lastSeq;
    return seq < head ? [`${schema} is at ${seq} of ${head}`] : [];
  });
};

/** Waits, within bounds, until no projection is behind. */
export const noLag = async (
  nc: NatsConnection,
  pool: Pool,
  { timeoutMs }: Patience,
  table: PromiseTable,
): Promise<void> => {
  const endsAt = Date.now() + timeoutMs;
  let late = await behind(nc, pool);
  while (late.length > 0 && Date.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    late = await behind(nc, pool);
  }
  table.reset('lag');
  table.checked('lag', (await projectedSchemas(pool)).length);
  for (const problem of late) table.violated('lag', problem, `still so after ${timeoutMs} ms`);
};

interface ExecutionRow {
  readonly tenant: string;
  readonly id: string;
  readonly status: string;
  readonly version: number;
}

const ROWS_PER_PAGE = 5_000;

/** Each execution of the log has its row, as of its last commit, and no row is of another: seen without a projection's help. */
export const executionRows = async (pool: Pool, books: ExecutionBooks, table: PromiseTable): Promise<void> => {
  let after: readonly [string, string] = ['', ''];
  let rows = 0;
  for (;;) {
    const page = await pool.query<ExecutionRow>(
      `SELECT tenant, id, status, version FROM "${schemaOf('orchestrator')}".executions
        WHERE (tenant COLLATE "C", id COLLATE "C") > ($1, $2) ORDER BY tenant COLLATE "C", id COLLATE "C" LIMIT ${ROWS_PER_PAGE}`,
      [...after],
    );
    for (const row of page.rows) executionRow(row, books, table);
    rows += page.rows.length;
    const last = page.rows.at(-1);
    if (!last || page.rows.length < ROWS_PER_PAGE) break;
    after = [last.tenant, last.id];
  }
  const started = [...books.all()].filter(({ started: has }) => has).length;
  table.expect(rows === started, 'rows', 'executions', `${rows} rows, and ${started} executions on the log`);
};

const executionRow = (
  { tenant, id, status, version }: ExecutionRow,
  books: ExecutionBooks,
  table: PromiseTable,
): void => {
  const where = `${schemaOf('orchestrator')}.executions ${tenant}/${id}`;
  const book = books.find(tenant, id);
  table.expect(book !== undefined, 'tenant', where, 'the log has no such execution of this tenant');
  if (!book) return;
  // The cast states what the column holds; another text would be no end, and wrong where there is one.
  const ended = isTerminal(status as Parameters<typeof isTerminal>[0]) ? status : undefined;
  const same = version === book.version && ended === book.ended;
  table.expect(
    same,
    'rows',
    where,
    `the row is ${status} at version ${version}, the log ${book.ended ?? 'open'} at version ${book.version}`,
  );
};

/** Rows of every other table that names an execution name one of the same tenant. */
export const tenantOfRows = async (pool: Pool, books: ExecutionBooks, table: PromiseTable): Promise<void> => {
  const { rows: tables } = await pool.query<{ schema: string; name: string }>(
    `SELECT c.table_schema AS schema, c.table_name AS name FROM information_schema.columns c
      JOIN information_schema.columns t USING (table_schema, table_name)
      WHERE c.column_name = 'execution_id' AND t.column_name = 'tenant' AND c.table_schema = ANY ($1)`,
    [await projectedSchemas(pool)],
  );
  for (const { schema, name } of tables) {
    const { rows } = await pool.query<{ tenant: string; id: string }>(
      `SELECT DISTINCT tenant, execution_id AS id FROM "${schema}"."${name}" WHERE execution_id IS NOT NULL`,
    );
    for (const { tenant, id } of rows) {
      const known = books.find(tenant, id) !== undefined;
      table.expect(
        known,
        'tenant',
        `${schema}.${name} ${tenant}/${id}`,
        'the log has no such execution of this tenant',
      );
    }
  }
};

/** Every commit has its entry in the ledger. */
export const ledgerRows = async (pool: Pool, commits: number, table: PromiseTable): Promise<void> => {
  const { rows } = await pool.query<{ n: string }>(`SELECT count(*) AS n FROM "${schemaOf('audit-service')}".ledger`);
  const entries = Number(rows[0]?.n ?? 0);
  table.expect(entries === commits, 'audit', 'ledger', `${entries} entries, and ${commits} commits on the log`);
};

interface Served {
  readonly serviceUrls: Readonly<Partial<Record<ServiceName, string>>>;
  readonly apiKey: string;
}

/** Each service folds the log again beside its tables, and names what differs. */
export const rowsAreTheFold = async (
  { serviceUrls, apiKey }: Served,
  pool: Pool,
  table: PromiseTable,
): Promise<void> => {
  const schemas = await projectedSchemas(pool);
  for (const service of SERVICES) {
    const url = serviceUrls[service];
    if (url === undefined || !schemas.includes(schemaOf(service))) continue;
    try {
      await driftOf(service, { url, apiKey }, table);
    } catch (error) {
      table.violated(
        'rows',
        service,
        `it could not be looked at: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
};

const driftOf = async (
  service: ServiceName,
  at: { readonly url: string; readonly apiKey: string },
  table: PromiseTable,
): Promise<void> => {
  const client = createClient(at);
  let cursor: string | undefined;
  for (let round = 0; round < DRIFT_ROUNDS_MAX; round += 1) {
    const report = await client.call(readModelRoutesByService[service].drift, {
      query: { seconds: DRIFT_SECONDS, ...(cursor === undefined ? {} : { cursor }) },
      timeoutMs: 10 * 60_000,
    });
    if (!report.complete && report.nextCursor !== null) {
      cursor = report.nextCursor;
      continue;
    }
    for (const { rows } of Object.values(report.tables)) table.checked('rows', rows);
    for (const { table: name, key, problem, field } of report.drift) {
      table.violated(
        'rows',
        `${service}.${name} ${JSON.stringify(key)}`,
        field === undefined ? problem : `${problem} ${field}`,
      );
    }
    return;
  }
  table.violated('rows', service, `it was not compared within ${DRIFT_ROUNDS_MAX} rounds of ${DRIFT_SECONDS} s`);
};

/** The ledger's hash chain, as its own service verifies it. */
export const auditVerifies = async ({ serviceUrls, apiKey }: Served, table: PromiseTable): Promise<void> => {
  const url = serviceUrls['audit-service'];
  if (url === undefined) return;
  try {
    const { verdict } = await createClient({ url, apiKey }).verifyAudit();
    table.expect(verdict === 'intact', 'audit', 'audit-service', `its verdict is ${verdict}`);
  } catch (error) {
    table.violated(
      'audit',
      'audit-service',
      `it could not be asked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};
