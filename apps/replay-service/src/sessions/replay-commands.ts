import type { Actor, AggregateId, AggregateRef, ReplayCommand, Tenant } from '@throughline/contracts';
import type { CommandSender, SendOutcome } from '@throughline/event-log/jetstream';
import { sendCommand } from '@throughline/service-host';

const ENGINE: Actor = { kind: 'service', id: 'replay-service' };

export const replayRef = (tenant: Tenant, sessionId: AggregateId): AggregateRef => ({
  tenant,
  aggregate: 'replay',
  aggregateId: sessionId,
});

/** What happens to a session is put on the log by way of the orchestrator, which alone writes there. */
export class ReplayCommands {
  constructor(private readonly sender: CommandSender) {}

  /** `unknown`: it may still be stored. */
  tell(tenant: Tenant, sessionId: AggregateId, command: ReplayCommand, actor: Actor = ENGINE): Promise<SendOutcome> {
    return sendCommand(this.sender, { origin: 'system', ref: replayRef(tenant, sessionId), actor, command });
  }
}
