import { Controller, Inject } from '@nestjs/common';
import { type AuditRecordView, type AuditVerification, routes } from '@throughline/contracts';
import { type LogPosition, logPosition, type NatsConnection } from '@throughline/event-log/jetstream';
import type { RunningProjection } from '@throughline/projections';
import {
  type Caller,
  CallerOf,
  Handle,
  Moments,
  NATS_CONNECTION,
  Params,
  type ParamsOf,
  PROJECTION,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import { verifyLedger } from '../ledger/verify-ledger.ts';
import { LedgerReads } from '../read-model/ledger-reads.ts';
import { ExecutionStarts } from './execution-starts.ts';

/** A walk reads the whole log of a tenant: more of them at once only take the disk from each other. */
const VERIFICATIONS_MAX = 2;
const VERIFICATION_MS_MAX = 600_000;
/** What was committed just before the request should be covered by the walk. */
const CATCH_UP_MS = 2_000;
/** Version of the last row seen; the column holds any nine digits. */
const CURSOR = /^[1-9]\d{0,8}$/;

@Controller()
export class AuditController {
  private verifying = 0;

  constructor(
    @Inject(LedgerReads) private readonly ledger: LedgerReads,
    @Inject(ExecutionStarts) private readonly starts: ExecutionStarts,
    @Inject(NATS_CONNECTION) private readonly nc: NatsConnection,
    @Inject(PROJECTION) private readonly projection: RunningProjection,
    @Inject(Moments) private readonly moments: Moments,
  ) {}

  @Handle(routes.listAudit)
  async list(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.listAudit>,
    @Query() { limit, cursor, as_of }: QueryOf<typeof routes.listAudit>,
  ): Promise<{ items: AuditRecordView[]; nextCursor: string | null }> {
    if (cursor !== undefined && !CURSOR.test(cursor)) {
      return refuse('TL0001', 'cursor is not one that this route gave out; leave it out to begin at the first page');
    }
    const asOf = as_of === undefined ? undefined : await this.moments.askedOfRows(as_of);
    const page = { limit, afterVersion: Number(cursor ?? 0), asOf };
    const found = await this.ledger.ofExecution(tenant, id, page);
    if (found.items.length > 0) return found;
    await this.starts.projected(tenant, id);
    if (asOf && cursor === undefined) return refuse('TL0105', `no execution ${id} then`);
    return this.ledger.ofExecution(tenant, id, page);
  }

  @Handle(routes.verifyAudit)
  async verify(@CallerOf() { tenant }: Caller): Promise<AuditVerification> {
    if (this.verifying >= VERIFICATIONS_MAX)
      return refuse('TL0010', 'the ledger is being verified already: try again later');
    this.verifying += 1;
    try {
      const log: LogPosition = await logPosition(this.nc);
      await this.projection.caughtUpTo(log.lastSeq, CATCH_UP_MS);
      const writtenSeq = this.projection.status().seq;
      return await verifyLedger(this.nc, this.ledger, tenant, writtenSeq, AbortSignal.timeout(VERIFICATION_MS_MAX));
    } finally {
      this.verifying -= 1;
    }
  }
}
