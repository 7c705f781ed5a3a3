import { defineHandler, StepError } from '@throughline/worker-sdk';
import { z } from 'zod';

const VAT_PERCENT: Readonly<Record<string, number>> = { DE: 19, FR: 20, GB: 20, US: 0 };
const EXPRESS_CENTS = 1_500;

export const price = defineHandler({
  queue: 'orders',
  name: 'price',
  effectClass: 'pure',
  input: z.object({
    items: z.array(z.object({ sku: z.string(), quantity: z.int().positive(), unitCents: z.int().positive() })).min(1),
    country: z.string().length(2),
    express: z.boolean(),
  }),
  output: z.object({ netCents: z.int(), vatCents: z.int(), totalCents: z.int() }),
  run({ items, country, express }, { log }) {
    const vatPercent = VAT_PERCENT[country];
    if (vatPercent === undefined) throw new StepError('Order.UnknownCountry', `we do not sell to ${country}`);
    const goodsCents = items.reduce((sum, item) => sum + item.quantity * item.unitCents, 0);
    const netCents = goodsCents + (express ? EXPRESS_CENTS : 0);
    const vatCents = Math.round((netCents * vatPercent) / 100);
    log('ok', `priced ${items.length} items`, { netCents, vatPercent });
    return { netCents, vatCents, totalCents: netCents + vatCents };
  },
});

export const handlers = [price];
