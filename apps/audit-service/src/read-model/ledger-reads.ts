import type { AuditRecordView, Tenant } from '@throughline/contracts';
import type { Moment } from '@throughline/history';
import { z } from 'zod';
import type { ChainHead } from '../ledger/chain-check.ts';
import type { LedgerRow } from '../ledger/ledger-row.ts';
import type { PrismaClient } from './generated/client.ts';
import type { LedgerRowModel } from './generated/models.ts';

const texts = z.array(z.string());

const ledgerRowOf = (row: LedgerRowModel): LedgerRow => ({
  ...row,
  n: Number(row.n),
  seq: Number(row.seq),
  // A hand-edited row may hold anything; what is no list of texts cannot have the hash that it claims.
  actors: texts.safeParse(row.actors).data ?? [],
  commands: texts.safeParse(row.commands).data ?? [],
  events: texts.safeParse(row.events).data ?? [],
});

const auditRecordOf = ({ tenant: _tenant, ...row }: LedgerRow): AuditRecordView =>
  // The strict view wants mutable lists and the branded instant that the commit's schema has checked.
  ({ ...row, actors: [...row.actors], commands: [...row.commands], events: [...row.events] }) as AuditRecordView;

export interface LedgerPosition {
  /** Log sequence up to which rows are there; 0 before the first batch. */
  readonly projectedSeq: number;
  /** Read after `projectedSeq`, so it may be further on but never behind. */
  readonly head: ChainHead | undefined;
}

export class LedgerReads {
  private readonly prisma: PrismaClient;

  constructor(prisma: PrismaClient) {
    this.prisma = prisma;
  }

  async position(tenant: Tenant): Promise<LedgerPosition> {
    const checkpoint = await this.prisma.projectionCheckpoint.findFirst();
    const head = await this.prisma.chainHead.findUnique({ where: { tenant } });
    return {
      projectedSeq: Number(checkpoint?.seq ?? 0),
      head: head ? { n: Number(head.n), seq: Number(head.seq), hash: head.hash } : undefined,
    };
  }

  /** Rows after position `n` of the chain that belong to log sequences up to `seqMax`. */
  async rowsAfter(tenant: Tenant, n: number, seqMax: number, limit: number): Promise<readonly LedgerRow[]> {
    const rows = await this.prisma.ledgerRow.findMany({
      where: { tenant, n: { gt: n }, seq: { lte: seqMax } },
      orderBy: { n: 'asc' },
      take: limit,
    });
    return rows.map(ledgerRowOf);
  }

  async rowOfLatestSeq(tenant: Tenant): Promise<LedgerRow | undefined> {
    const row = await this.prisma.ledgerRow.findFirst({ where: { tenant }, orderBy: { seq: 'desc' } });
    return row ? ledgerRowOf(row) : undefined;
  }

  /** By version; the cursor is the last version seen. */
  async ofExecution(
    tenant: Tenant,
    executionId: string,
    page: { readonly limit: number; readonly afterVersion: number; readonly asOf?: Moment | undefined },
  ): Promise<{ readonly items: AuditRecordView[]; readonly nextCursor: string | null }> {
    const rows = await this.prisma.ledgerRow.findMany({
      where: {
        tenant,
        aggregate: 'execution',
        aggregateId: executionId,
        version: { gt: page.afterVersion },
        ...(page.asOf?.kind === 'seq' ? { seq: { lte: page.asOf.seq } } : {}),
        // As a commit's time is told everywhere: by its last command.
        ...(page.asOf?.kind === 'instant' ? { at: { lte: page.asOf.at } } : {}),
      },
      orderBy: { version: 'asc' },
      take: page.limit + 1,
    });
    const items = rows.slice(0, page.limit).map((row) => auditRecordOf(ledgerRowOf(row)));
    return { items, nextCursor: rows.length > page.limit ? String(items.at(-1)?.version) : null };
  }
}
