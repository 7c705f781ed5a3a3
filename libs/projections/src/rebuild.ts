import type { ReadModelDigest, Refusal } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import type { Pool } from 'pg';
import type { ReadModel } from './projection.ts';

export interface RebuildOptions {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: EventLog;
  readonly readModel: ReadModel;
  readonly batchSize?: number;
}
export type Rebuild =
  | { readonly kind: 'rebuilt'; readonly digest: ReadModelDigest; readonly records: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export declare const rebuildReadModel: (options: RebuildOptions) => Promise<Rebuild>;
