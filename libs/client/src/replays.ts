import { type CompletedReplayView, type ErrorCode, type ReplaySessionView, routes } from '@throughline/contracts';
import type { Page } from './pages.ts';
import { repeating, type RepeatLimits, sleep } from './repeat.ts';
import { ThroughlineError } from './throughline-error.ts';
import type { CallArguments, RequestOptions, Transport } from './transport.ts';

/** What is compared, and how. */
export type ReplayRequestBody = NonNullable<CallArguments<typeof routes.replayExecution>['body']>;
type ListQuery = NonNullable<CallArguments<typeof routes.listReplaySessions>['query']>;
// The schemas brand ids and times; callers write text.
type ExecutionIdText = CallArguments<typeof routes.replayExecution>['params']['id'];
type SessionIdText = CallArguments<typeof routes.getReplaySession>['params']['id'];
type Since = NonNullable<CallArguments<typeof routes.replayAll>['body']>['since'];

export interface WaitForReplay extends RequestOptions {
  readonly onProgress?: (session: ReplaySessionView) => void;
}

const POLL_MS = 500;

/** Replay sessions: one is asked for, worked on, and ends with a result. */
export class Replays {
  readonly #transport: Transport;
  readonly #limits: RepeatLimits;

  constructor(transport: Transport, limits: RepeatLimits) {
    this.#transport = transport;
    this.#limits = limits;
  }

  /** The session after a while: ended, where that was long enough. */
  begin(id: ExecutionIdText, body: ReplayRequestBody = {}, options?: RequestOptions): Promise<ReplaySessionView> {
    return this.#transport.call(routes.replayExecution, { ...options, params: { id }, body });
  }

  /** A session of everything that the tenant has on the log. */
  beginAll({ since }: { since?: Since } = {}, options?: RequestOptions): Promise<ReplaySessionView> {
    return this.#transport.call(routes.replayAll, { ...options, body: since === undefined ? {} : { since } });
  }

  get(id: SessionIdText, options?: RequestOptions): Promise<ReplaySessionView> {
    return this.#transport.call(routes.getReplaySession, { ...options, params: { id } });
  }

  /** Newest first. */
  list(query: ListQuery = {}, options?: RequestOptions): Promise<Page<ReplaySessionView>> {
    return this.#transport.call(routes.listReplaySessions, { ...options, query });
  }

  /** Its end; throws what it failed with. */
  async wait(begun: ReplaySessionView, { onProgress, ...options }: WaitForReplay = {}): Promise<CompletedReplayView> {
    for (let session = begun; ;) {
      if (session.status === 'completed') return session;
      if (session.status === 'failed') {
        const { code, message } = session.error;
        // A code of the table, as the service has it.
        throw new ThroughlineError({
          code: code as ErrorCode,
          status: 500,
          message: `session ${session.id}: ${message}`,
        });
      }
      onProgress?.(session);
      await sleep(POLL_MS, options.signal);
      const { id } = session;
      session = await repeating(this.#limits, options.signal, () => this.get(id as SessionIdText, options));
    }
  }
}
