import type { ReadModelDigest } from '@throughline/contracts';
import type { Pool } from 'pg';
import type { ReadModel } from './projection.ts';

export declare const digestReadModel: (
  pool: Pool,
  readModel: Pick<ReadModel, 'service' | 'schema' | 'tablesNotFromLog'>,
) => Promise<ReadModelDigest>;
