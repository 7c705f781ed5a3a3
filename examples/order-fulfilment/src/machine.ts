import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const WORKFLOW = 'order-fulfilment';

export interface ServiceUrls {
  readonly inventoryUrl: string;
  readonly paymentUrl: string;
  readonly shippingUrl: string;
}

/** Beside `src` and `dist`. */
const FILE = fileURLToPath(new URL('../order-fulfilment.asl.json', import.meta.url));

/** The machine with the addresses of the services filled in: `${inventoryUrl}` and the like in the file. */
export const orderFulfilment = (urls: ServiceUrls): Record<string, unknown> => {
  const text = readFileSync(FILE, 'utf8').replace(
    /\$\{(inventoryUrl|paymentUrl|shippingUrl)\}/g,
    (_, name: keyof ServiceUrls) =>
      // Inside a JSON string: quotes and backslashes of a URL must not end it.
      JSON.stringify(urls[name].replace(/\/+$/, '')).slice(1, -1),
  );
  // The cast states what the file holds: a JSON object.
  return JSON.parse(text) as Record<string, unknown>;
};
