import { PrismaPg } from '@prisma/adapter-pg';
import { schemaOf } from '@throughline/projections';
import type { Pool } from 'pg';
import { PrismaClient } from './generated/client.ts';

export { PrismaClient };

/** Reads through the service's own pool, which outlives the client. */
export const openPrisma = (pool: Pool): PrismaClient =>
  new PrismaClient({ adapter: new PrismaPg(pool, { schema: schemaOf('step-worker'), disposeExternalPool: false }) });
