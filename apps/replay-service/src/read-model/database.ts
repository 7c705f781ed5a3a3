import { PrismaPg } from '@prisma/adapter-pg';
import { schemaOf } from '@throughline/projections';
import type { Pool } from 'pg';
import { PrismaClient } from './generated/client.ts';

export { PrismaClient };

/** Over the host's pool, which outlives the client. */
export const createPrisma = (pool: Pool): PrismaClient =>
  new PrismaClient({ adapter: new PrismaPg(pool, { schema: schemaOf('replay-service'), disposeExternalPool: false }) });
