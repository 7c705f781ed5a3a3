import { type ApprovalView, routes } from '@throughline/contracts';
import type { Page } from './pages.ts';
import type { CallArguments, RequestOptions, Transport } from './transport.ts';

export interface ApprovalQuery {
  readonly status?: ApprovalView['status'];
  /** Only what the caller may decide now. */
  readonly mine?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
}
type Decision = NonNullable<CallArguments<typeof routes.decideApproval>['body']>;

/** What waits for people. */
export class Approvals {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Oldest first. */
  list({ mine, ...query }: ApprovalQuery = {}, options?: RequestOptions): Promise<Page<ApprovalView>> {
    const asked = { ...query, ...(mine ? { mine: 'true' as const } : {}) };
    return this.#transport.call(routes.listApprovals, { ...options, query: asked });
  }

  get(executionId: string, approval: string, options?: RequestOptions): Promise<ApprovalView> {
    return this.#transport.call(routes.getApproval, { ...options, params: { id: executionId, approval } });
  }

  decide(executionId: string, approval: string, body: Decision, options?: RequestOptions): Promise<ApprovalView> {
    return this.#transport.call(routes.decideApproval, { ...options, params: { id: executionId, approval }, body });
  }
}
