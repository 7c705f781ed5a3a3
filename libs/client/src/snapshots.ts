import { type KeptState, routes, type SnapshotList, type SnapshotView } from '@throughline/contracts';
import type { CallArguments, RequestOptions, Transport } from './transport.ts';

type ListQuery = NonNullable<CallArguments<typeof routes.listSnapshots>['query']>;
/** Which step, and before or after it. */
export type SnapshotRequest = CallArguments<typeof routes.takeSnapshot>['body'];
// The schema brands ids; callers write text.
type Id = CallArguments<typeof routes.listSnapshots>['params']['id'];

/** Kept states of executions. */
export class Snapshots {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(executionId: Id, query: ListQuery = {}, options?: RequestOptions): Promise<SnapshotList> {
    return this.#transport.call(routes.listSnapshots, { ...options, params: { id: executionId }, query });
  }

  get(executionId: Id, snapshot: string, options?: RequestOptions): Promise<KeptState> {
    return this.#transport.call(routes.getSnapshot, { ...options, params: { id: executionId, snapshot } });
  }

  /** Safe to repeat: the same step has the same snapshot. */
  take(executionId: Id, body: SnapshotRequest, options?: RequestOptions): Promise<SnapshotView> {
    return this.#transport.call(routes.takeSnapshot, { ...options, params: { id: executionId }, body });
  }
}
