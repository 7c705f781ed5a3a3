import type { SnapshotType, Tenant } from '@throughline/contracts';
import { checkpointEvery, type KeptSnapshot, type Position } from '@throughline/history';
import { schemaOf } from '@throughline/projections';
import type { PrismaClient } from './generated/client.ts';

/** One row as it is read: what it says has still to be verified. */
export interface SnapshotRow extends Pick<KeptSnapshot, 'factsText' | 'stateText' | 'digest'> {
  readonly id: string;
  /** What it was taken for, as the row has it. */
  readonly type: string;
  readonly step: string | null;
}

/** A larger state is folded again rather than kept. */
export const SNAPSHOT_BYTES_MAX = 4 * 1024 * 1024;
/** Of pauses, of ends, and of what was asked for: the latest ones. */
const KEPT_MAX = { pause: 16, end: 16, requested: 32 };

const TABLE = `"${schemaOf('replay-service')}"."snapshots"`;

interface Key {
  readonly tenant: Tenant;
  readonly executionId: string;
}

/** Kept states in Postgres. Nothing here is from the log alone: losing it all costs time, never an answer. */
export class SnapshotStore {
  constructor(private readonly prisma: PrismaClient) {}

  /** The last checkpoint at or before a position. */
  async nearest({ tenant, executionId }: Key, until: Position): Promise<SnapshotRow | undefined> {
    const row = await this.prisma.snapshot.findFirst({
      where: {
        tenant,
        executionId,
        type: 'checkpoint',
        ...(until.kind === 'version' ? { version: { lte: until.version } } : { at: { lte: until.at } }),
      },
      orderBy: { version: 'desc' },
    });
    return row ? rowOf(row) : undefined;
  }

  async get({ tenant, executionId }: Key, id: string): Promise<SnapshotRow | undefined> {
    const row = await this.prisma.snapshot.findUnique({
      where: { tenant_executionId_id: { tenant, executionId, id } },
    });
    return row ? rowOf(row) : undefined;
  }

  async ids({ tenant, executionId }: Key): Promise<ReadonlySet<string>> {
    const rows = await this.prisma.snapshot.findMany({ where: { tenant, executionId }, select: { id: true } });
    return new Set(rows.map(({ id }) => id));
  }

  /** Texts of the facts, in the order of the history. */
  async list({ tenant, executionId }: Key, type: SnapshotType | undefined): Promise<readonly string[]> {
    const rows = await this.prisma.snapshot.findMany({
      where: { tenant, executionId, ...(type === undefined ? {} : { type }) },
      orderBy: [{ version: 'asc' }, { event: 'asc' }, { type: 'asc' }],
      select: { facts: true },
    });
    return rows.map(({ facts }) => facts);
  }

  /** Those whose texts are not what their digests were made of, or that are filed elsewhere than they say; found without reading any of them. */
  async damaged({ tenant, executionId }: Key): Promise<readonly string[]> {
    const rows = await this.prisma.$queryRawUnsafe<{ id: string }[]>(
      `SELECT id FROM ${TABLE} WHERE tenant = $1 AND execution_id = $2 AND
         CASE WHEN digest <> encode(sha256(convert_to(tenant || E'\\n' || facts || E'\\n' || state, 'UTF8')), 'hex') THEN true
         ELSE id <> type || '-' || version || '.' || event OR id <> (facts::json ->> 'id')
           OR execution_id <> (facts::json ->> 'executionId') OR reason <> (facts::json ->> 'reason')
           OR at <> (facts::json ->> 'at') OR coalesce(step, 'null') <> (facts::json -> 'step')::text END`,
      tenant,
      executionId,
    );
    return rows.map(({ id }) => id);
  }

  /** One that is there already stays. */
  async keep(tenant: Tenant, { facts, factsText, stateText, digest }: KeptSnapshot): Promise<void> {
    const { executionId, id, type, reason, version, event, at } = facts;
    const step = facts.step && JSON.stringify(facts.step);
    const place = { tenant, executionId, id, type, reason, version, event, at, step };
    const row = { ...place, facts: factsText, state: stateText, digest };
    await this.prisma.snapshot.createMany({ data: [row], skipDuplicates: true });
  }

  async drop({ tenant, executionId }: Key, id: string): Promise<void> {
    await this.prisma.snapshot.deleteMany({ where: { tenant, executionId, id } });
  }

  /** Back within the bounds: checkpoints as far apart as the history's length asks, of the others the latest. */
  async thin({ tenant, executionId }: Key, commits: number): Promise<void> {
    const every = checkpointEvery(commits);
    const where = { tenant, executionId };
    const rows = await this.prisma.snapshot.findMany({
      where,
      orderBy: { kept: 'desc' },
      select: { id: true, reason: true, version: true },
    });
    const of = (reason: keyof typeof KEPT_MAX) => rows.filter((row) => row.reason === reason).slice(KEPT_MAX[reason]);
    const between = rows.filter(({ reason, version }) => reason === 'every_n' && version % every !== 0);
    const gone = [...between, ...of('pause'), ...of('end'), ...of('requested')].map(({ id }) => id);
    if (gone.length > 0) await this.prisma.snapshot.deleteMany({ where: { ...where, id: { in: gone } } });
  }
}

type Columns = Pick<SnapshotRow, 'id' | 'type' | 'step' | 'digest'> & {
  readonly facts: string;
  readonly state: string;
};

const rowOf = (row: Columns): SnapshotRow => ({
  id: row.id,
  type: row.type,
  step: row.step,
  factsText: row.facts,
  stateText: row.state,
  digest: row.digest,
});
