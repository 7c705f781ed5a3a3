import { z } from 'zod';
import type { ServiceUrls } from './machine.ts';

const ledgerSchema = z.object({ effects: z.array(z.object({ kind: z.string(), orderId: z.string() })) });

/** Effects that one of these orders had twice, by the services' own ledgers. */
export const doubleEffects = async (urls: ServiceUrls, orderIds: readonly string[]): Promise<readonly string[]> => {
  const counts = new Map<string, number>();
  for (const url of [urls.inventoryUrl, urls.paymentUrl, urls.shippingUrl]) {
    const response = await fetch(`${url}/ledger`, { signal: AbortSignal.timeout(5_000) });
    const { effects } = ledgerSchema.parse(await response.json());
    for (const { kind, orderId } of effects.filter((effect) => orderIds.includes(effect.orderId))) {
      const key = `${orderId}: ${kind}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].filter(([, count]) => count > 1).map(([key, count]) => `${key} took effect ${count} times`);
};
