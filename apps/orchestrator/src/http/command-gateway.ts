import { randomBytes } from 'node:crypto';
import {
  type AggregateRef,
  type Command,
  type CommandAnswer,
  type CommandId,
  type Json,
  type Origin,
} from '@throughline/contracts';
import type { CommandSender } from '@throughline/event-log/jetstream';
import { commandIdOfKey, DEFAULT_LIMITS, measureBody } from '@throughline/execution';
import { activeTraceparent, ANSWER_MS, type Caller, refuse, refuseWith, sendCommand } from '@throughline/service-host';

type Accepted = Extract<CommandAnswer, { outcome: 'accepted' }>;

/** How a command goes out that is not simply the caller's own. */
interface SendAs {
  /** `system`: the engine has checked what the caller may command here. */
  readonly origin?: Origin;
  /** Where a repeat is to be recognised as one. */
  readonly id?: CommandId;
}

/** Sends what HTTP callers command through the same queue as everybody else, and waits for the commit's answer. */
export class CommandGateway {
  private readonly sender: CommandSender;

  constructor(sender: CommandSender) {
    this.sender = sender;
  }

  /** Refuses (as an HTTP error) with what the decision said; 504 where no answer came in time. */
  async send(
    caller: Caller,
    ref: AggregateRef,
    command: Command,
    { origin = 'client', id }: SendAs = {},
  ): Promise<Accepted> {
    // Sending writes the body as JSON text: what that would change or choke on must be refused here. It came as JSON.
    const measured = measureBody(command.body as Json, DEFAULT_LIMITS);
    if (measured.kind === 'refused') return refuseWith(measured.refusal);
    const traceparent = activeTraceparent() ?? caller.trace?.traceparent ?? unsampledTraceparent();
    const known = id ?? idOfKey(caller, command);
    const named = known === undefined ? {} : { id: known };
    const answer = await sendCommand(this.sender, { origin, ref, actor: caller.actor, command, traceparent, ...named });
    switch (answer.outcome) {
      case 'accepted':
        return answer;
      case 'refused':
        return refuseWith(answer.refusal);
      case 'unknown':
        return refuse('TL0009', `no answer within ${ANSWER_MS / 1_000} s: repeat the request with the same id`, {
          aggregateId: ref.aggregateId,
        });
    }
  }
}

/** A start is told apart by its execution id, and there without any bound in time; every other command by its own id. */
const idOfKey = ({ tenant, idempotencyKey }: Caller, { type, body }: Command): CommandId | undefined =>
  idempotencyKey === undefined || type === 'StartExecution'
    ? undefined
    : // Every body came as JSON.
      commandIdOfKey(tenant, idempotencyKey, type, body as Json);

/** Where nobody traces, an execution still gets a trace id of its own: whatever traces later can be joined to it. */
const unsampledTraceparent = (): string => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
