import { type DeadLetterView, routes } from '@throughline/contracts';
import type { Page } from './pages.ts';
import type { CallArguments, RequestOptions, Transport } from './transport.ts';

type ListQuery = NonNullable<CallArguments<typeof routes.listDeadLetters>['query']>;
type Id = CallArguments<typeof routes.getDeadLetter>['params']['id'];
type SettleOptions = RequestOptions & { readonly reason?: string };

/** Messages that the engine gave up on. Acts are not repeated by themselves: a second one is refused. */
export class DeadLetters {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Open ones, oldest first; with `status: 'settled'` those that were acted on, newest first. */
  list(query: ListQuery = {}, options?: RequestOptions): Promise<Page<DeadLetterView>> {
    return this.#transport.call(routes.listDeadLetters, { ...options, query });
  }

  /** With headers and payload. */
  get(id: Id, options?: RequestOptions): Promise<DeadLetterView> {
    return this.#transport.call(routes.getDeadLetter, { ...options, params: { id } });
  }

  /** Sends the message to where it came from. */
  requeue(id: Id, { reason, ...options }: SettleOptions = {}): Promise<DeadLetterView> {
    const body = reason === undefined ? {} : { reason };
    return this.#transport.call(routes.requeueDeadLetter, { ...options, params: { id }, body });
  }

  discard(id: Id, { reason, ...options }: SettleOptions = {}): Promise<DeadLetterView> {
    const body = reason === undefined ? {} : { reason };
    return this.#transport.call(routes.discardDeadLetter, { ...options, params: { id }, body });
  }
}
