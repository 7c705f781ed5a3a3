import type { ServiceName } from '@throughline/contracts';
import { connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import { createPool, schemaOf } from '@throughline/projections';
import type { Pool } from 'pg';
import type { Acknowledged } from '../acknowledged.ts';
import type { EffectsOptions } from '../effects.ts';
import { LogCheck } from '../log-check.ts';
import { type CheckReport, PromiseTable } from '../promise-table.ts';
import { type StillDue, stillDue } from '../still-due.ts';
import { type CheckpointWatch, projectedSchemas } from './checkpoint-watch.ts';
import { LogOnServer } from './log-on-server.ts';
import { type QueuesSeen, readQueues } from './queued.ts';
import { auditVerifies, executionRows, ledgerRows, noLag, rowsAreTheFold, tenantOfRows } from './read-models.ts';

export interface SystemToCheck {
  readonly natsUrl: string;
  /** Absent: no read model is looked at. */
  readonly databaseUrl?: string;
  /** The services that answer: each is asked whether its rows equal the fold, and the audit service for its verdict. */
  readonly serviceUrls?: Readonly<Partial<Record<ServiceName, string>>>;
  readonly apiKey?: string;
  /** What clients were told was accepted. */
  readonly acknowledged?: Iterable<Acknowledged>;
  /** What was done for steps, as those who did it have noted it down. */
  readonly effects?: EffectsOptions;
  /** Has looked at the checkpoints while the system ran. */
  readonly checkpoints?: CheckpointWatch;
  /** From now on everything has to be where it belongs within this time; 60 s. */
  readonly livenessMs?: number;
  /** Every projection has to have read the log within this time; 30 s. */
  readonly lagMs?: number;
  readonly namedMax?: number;
}

const LIVENESS_MS = 60_000;
const LAG_MS = 30_000;
const POLL_MS = 250;

/**
 * Reads the log, the queues and the read models of a running system, and proves what is promised of them. Nothing may be
 * starting new work any more; what is under way is waited for, within bounds.
 */
export const checkSystem = async (system: SystemToCheck): Promise<CheckReport> => {
  const { acknowledged = [], effects, namedMax } = system;
  const table = new PromiseTable(namedMax === undefined ? {} : { namedMax });
  const check = new LogCheck({ table, acknowledged, ...(effects ? { effects } : {}) });
  const nc = await connectNats({ url: system.natsUrl, name: 'checker' });
  const pool =
    system.databaseUrl === undefined
      ? undefined
      : createPool({ databaseUrl: system.databaseUrl, name: 'checker', connectionsMax: 2 });
  try {
    const log = await LogOnServer.open(nc, check);
    try {
      await liveness(nc, log, check, system.livenessMs ?? LIVENESS_MS);
      if (pool) await readModels(nc, pool, log, check, system);
    } finally {
      await log.close();
    }
    system.checkpoints?.note(table);
    return check.end().report();
  } finally {
    await pool?.end();
    await nc.close();
  }
};

/** Looks until nothing is due any more, or until the time is up. */
const liveness = async (nc: NatsConnection, log: LogOnServer, check: LogCheck, timeoutMs: number): Promise<void> => {
  // A long log takes a while to be judged, which is no time that the system has had.
  await log.readOn();
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    // The queues first: whatever they hold then has to be on the log when that is read.
    const queues = await readQueues(nc);
    await log.readOn();
    const due = stillDue(check, queues, Date.now());
    if (due.length === 0 || Date.now() >= endsAt) return noteLiveness(check, queues, due);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

const noteLiveness = ({ table, books }: LogCheck, queues: QueuesSeen, due: readonly StillDue[]): void => {
  table.reset('liveness');
  table.checked('liveness', books.size);
  // A queue that was not read to its end does not show what it lacks.
  const known = queues.complete
    ? due
    : due.filter(({ problem }) => !problem.endsWith('queue') && !problem.endsWith('nowhere'));
  for (const { where, problem } of known) table.violated('liveness', where, problem);
  table.reset('queues');
  table.checked('queues', queues.tasks.size + queues.timers.size);
  for (const what of queues.strange) table.violated('queues', what, 'it is no task and no timer');
  for (const key of [...queues.tasks, ...queues.timers]) {
    const [tenant = '', ...rest] = key.split('/');
    const isTask = rest.length === 2;
    if (!isTask && rest[0] !== 'execution') continue;
    const id = (isTask ? rest[0] : rest[1]) ?? '';
    const book = books.find(tenant, id);
    const version = Number((rest.at(-1) ?? '').split(isTask ? '.' : '-')[0]);
    if (!book || version > book.version) table.violated('queues', key, 'nothing on the log has scheduled it');
  }
};

const readModels = async (
  nc: NatsConnection,
  pool: Pool,
  log: LogOnServer,
  check: LogCheck,
  system: SystemToCheck,
): Promise<void> => {
  const { table, books } = check;
  const schemas = await projectedSchemas(pool);
  const endsAt = Date.now() + (system.lagMs ?? LAG_MS);
  for (;;) {
    await noLag(nc, pool, { timeoutMs: Math.max(0, endsAt - Date.now()) }, table);
    await log.readOn();
    const rows = new PromiseTable();
    if (schemas.includes(schemaOf('orchestrator'))) await executionRows(pool, books, rows);
    await tenantOfRows(pool, books, rows);
    if (schemas.includes(schemaOf('audit-service'))) await ledgerRows(pool, log.result().commits, rows);
    // A schedule may have started something between the two looks.
    if (!rows.report().ok && Date.now() < endsAt) continue;
    table.add(rows);
    break;
  }
  const { serviceUrls, apiKey } = system;
  if (!serviceUrls || apiKey === undefined) return;
  await rowsAreTheFold({ serviceUrls, apiKey }, pool, table);
  await auditVerifies({ serviceUrls, apiKey }, table);
};
