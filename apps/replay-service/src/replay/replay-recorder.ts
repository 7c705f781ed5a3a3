import { randomUUID } from 'node:crypto';
import {
  type AggregateId,
  type AggregateRef,
  aggregateIdSchema,
  commandIdSchema,
  type ReplayCommand,
  type Tenant,
} from '@throughline/contracts';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { activeTraceparent, type Caller, refuse, refuseWith } from '@throughline/service-host';

const ANSWER_MS = 10_000;
const RESEND_MS = 2_500;

export const replayRef = (tenant: Tenant, sessionId: AggregateId): AggregateRef => ({
  tenant,
  aggregate: 'replay',
  aggregateId: sessionId,
});

/** Puts a verdict on the log by way of the orchestrator, which alone writes there. */
export class ReplayRecorder {
  constructor(private readonly sender: CommandSender) {}

  /** The new session's id, once its commit is answered. */
  async record(caller: Caller, replay: Extract<ReplayCommand, { type: 'RecordReplay' }>['body']): Promise<AggregateId> {
    const sessionId = aggregateIdSchema.parse(randomUUID());
    const traceparent = activeTraceparent();
    const answer = await this.sender.send(
      'system',
      replayRef(caller.tenant, sessionId),
      {
        v: 1,
        id: commandIdSchema.parse(`replay-${sessionId}`),
        type: 'RecordReplay',
        actor: caller.actor,
        ...(traceparent === undefined ? {} : { traceparent }),
        body: replay,
      },
      { timeoutMs: ANSWER_MS, resendMs: RESEND_MS },
    );
    switch (answer.outcome) {
      case 'accepted':
        return sessionId;
      case 'refused':
        return refuseWith(answer.refusal);
      case 'unknown':
        // The verdict may still be stored, under an id that the caller can ask for.
        return refuse('TL0009', `the verdict was not stored within ${ANSWER_MS / 1_000} s; it may still be`, {
          replaySessionId: sessionId,
        });
    }
  }
}
