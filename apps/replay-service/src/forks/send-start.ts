import { randomUUID } from 'node:crypto';
import {
  type Actor,
  commandIdSchema,
  type ExecutionId,
  executionRef,
  type StartExecution,
  type Tenant,
} from '@throughline/contracts';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { activeTraceparent, refuse, refuseWith } from '@throughline/service-host';

const ANSWER_MS = 10_000;
const RESEND_MS = 2_500;

export interface DerivedStart {
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  readonly actor: Actor;
  readonly body: StartExecution;
}

/** Starts an execution that is made of another one's record, which only the engine can. Refuses as the decision does. */
export const sendStart = async (sender: CommandSender, start: DerivedStart): Promise<void> => {
  const { tenant, executionId, actor, body } = start;
  const traceparent = activeTraceparent();
  const answer = await sender.send(
    'system',
    executionRef(tenant, executionId),
    {
      v: 1,
      id: commandIdSchema.parse(randomUUID()),
      type: 'StartExecution',
      actor,
      ...(traceparent === undefined ? {} : { traceparent }),
      body,
    },
    { timeoutMs: ANSWER_MS, resendMs: RESEND_MS },
  );
  if (answer.outcome === 'refused') refuseWith(answer.refusal);
  if (answer.outcome === 'unknown') {
    refuse('TL0009', `no answer within ${ANSWER_MS / 1_000} s: ask for execution ${executionId}`, { executionId });
  }
};
