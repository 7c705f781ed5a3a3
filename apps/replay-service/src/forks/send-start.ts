import { type Actor, type ExecutionId, executionRef, type StartExecution, type Tenant } from '@throughline/contracts';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { ANSWER_MS, refuse, refuseWith, sendCommand } from '@throughline/service-host';

export interface DerivedStart {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  readonly actor: Actor;
  readonly body: StartExecution;
}

/** Starts an execution that is made of another one's record, which only the engine can. Refuses as the decision does. */
export const sendStart = async (sender: CommandSender, start: DerivedStart): Promise<void> => {
  const { tenant, executionId, actor, body } = start;
  const answer = await sendCommand(sender, {
    origin: 'system',
    ref: executionRef(tenant, executionId),
    actor,
    command: { type: 'StartExecution', body },
  });
  if (answer.outcome === 'refused') refuseWith(answer.refusal);
  if (answer.outcome === 'unknown') {
    refuse('TL0009', `no answer within ${ANSWER_MS / 1_000} s: ask for execution ${executionId}`, { executionId });
  }
};
