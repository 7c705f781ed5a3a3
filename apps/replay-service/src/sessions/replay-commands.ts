import { randomUUID } from 'node:crypto';
import {
  type Actor,
  type AggregateId,
  type AggregateRef,
  commandIdSchema,
  type Refusal,
  type ReplayCommand,
  type Tenant,
} from '@throughline/contracts';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { activeTraceparent } from '@throughline/service-host';

const ANSWER_MS = 10_000;
const RESEND_MS = 2_500;
const ENGINE: Actor = { kind: 'service', id: 'replay-service' };

export const replayRef = (tenant: Tenant, sessionId: AggregateId): AggregateRef => ({
  tenant,
  aggregate: 'replay',
  aggregateId: sessionId,
});

export type Told =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** It may still be stored. */
  | { readonly kind: 'unknown' };

/** What happens to a session is put on the log by way of the orchestrator, which alone writes there. */
export class ReplayCommands {
  constructor(private readonly sender: CommandSender) {}

  async tell(tenant: Tenant, sessionId: AggregateId, command: ReplayCommand, actor: Actor = ENGINE): Promise<Told> {
    const traceparent = activeTraceparent();
    const answer = await this.sender.send(
      'system',
      replayRef(tenant, sessionId),
      {
        v: 1,
        id: commandIdSchema.parse(randomUUID()),
        actor,
        ...(traceparent === undefined ? {} : { traceparent }),
        ...command,
      },
      { timeoutMs: ANSWER_MS, resendMs: RESEND_MS },
    );
    switch (answer.outcome) {
      case 'accepted':
        return { kind: 'accepted' };
      case 'refused':
        return { kind: 'refused', refusal: answer.refusal };
      case 'unknown':
        return { kind: 'unknown' };
    }
  }
}
