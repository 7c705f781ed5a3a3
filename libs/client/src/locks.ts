import { type LockDetail, type LockView, routes } from '@throughline/contracts';
import type { Page } from './pages.ts';
import type { CallArguments, RequestOptions, Transport } from './transport.ts';

type ListQuery = NonNullable<CallArguments<typeof routes.listLocks>['query']>;

/** The locks of assets: who holds them, who waits. */
export class Locks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** By name; with `executionId` those that it holds or waits for, and its place. */
  list(query: ListQuery = {}, options?: RequestOptions): Promise<Page<LockView>> {
    return this.#transport.call(routes.listLocks, { ...options, query });
  }

  get(asset: string, options?: RequestOptions): Promise<LockDetail> {
    return this.#transport.call(routes.getLock, { ...options, params: { asset } });
  }

  /** Takes the lock from its holder. Not repeated by itself: a second time does not wait for the holder's answer. */
  release(
    asset: string,
    options: RequestOptions & { fencingToken?: number; reason?: string } = {},
  ): Promise<LockDetail> {
    const { fencingToken, reason, ...request } = options;
    const body = {
      ...(fencingToken === undefined ? {} : { fencingToken }),
      ...(reason === undefined ? {} : { reason }),
    };
    return this.#transport.call(routes.releaseLock, { ...request, params: { asset }, body });
  }
}
