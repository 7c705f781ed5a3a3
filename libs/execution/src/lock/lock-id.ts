import { aggregateIdSchema, type AggregateRef, SUBJECT_TOKEN, type Tenant } from '@throughline/contracts';
import { sha256Hex } from '../hashes.ts';

const HASHED = 'h-';

/**
 * The lock of an asset: named as the asset is where that can stand in a subject, else by a hash of its name. A name that
 * looks like a hash is hashed too, so no two assets share a lock.
 */
export const lockRef = (tenant: Tenant, asset: string): AggregateRef => {
  const plain = SUBJECT_TOKEN.test(asset) && !asset.startsWith(HASHED);
  const id = plain ? asset : `${HASHED}${sha256Hex(asset).slice(0, 40)}`;
  return { tenant, aggregate: 'lock', aggregateId: aggregateIdSchema.parse(id) };
};
