import { type DeliveryView, routes } from '@throughline/contracts';
import type { RequestOptions, Transport } from './transport.ts';

/** Where results went. */
export class Deliveries {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Targets, attempts, and what the receivers said. */
  get(id: string, options?: RequestOptions): Promise<DeliveryView> {
    return this.#transport.call(routes.getDelivery, { ...options, params: { id } });
  }

  /** Delivers again: all that failed, or the one named, also where it had arrived. */
  retry(id: string, options: RequestOptions & { delivery?: string } = {}): Promise<DeliveryView> {
    const { delivery, ...request } = options;
    const body = delivery === undefined ? {} : { delivery };
    return this.#transport.call(routes.retryDelivery, { ...request, params: { id }, body });
  }
}
