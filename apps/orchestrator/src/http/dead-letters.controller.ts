import { Controller, Inject } from '@nestjs/common';
import { type DeadLetterId, type DeadLetterView, routes } from '@throughline/contracts';
import { tenantRef } from '@throughline/execution';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import { DeadLetterReads } from '../read-model/dead-letter-reads.ts';
import type { Page } from '../read-model/execution-reads.ts';
import { CommandGateway } from './command-gateway.ts';

@Controller()
export class DeadLettersController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(DeadLetterReads) private readonly letters: DeadLetterReads,
  ) {}

  @Handle(routes.listDeadLetters)
  list(
    @CallerOf() caller: Caller,
    @Query() query: QueryOf<typeof routes.listDeadLetters>,
  ): Promise<Page<DeadLetterView>> {
    return this.letters.list(caller.tenant, query);
  }

  @Handle(routes.getDeadLetter)
  async get(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.getDeadLetter>,
  ): Promise<DeadLetterView> {
    return (await this.letters.get(caller.tenant, id)) ?? refuse('TL0160', `there is no dead letter ${id}`);
  }

  @Handle(routes.requeueDeadLetter)
  requeue(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.requeueDeadLetter>,
    @Body() { reason }: BodyOf<typeof routes.requeueDeadLetter>,
  ): Promise<DeadLetterView> {
    return this.settle(caller, 'RequeueDeadLetter', id, reason);
  }

  @Handle(routes.discardDeadLetter)
  discard(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.discardDeadLetter>,
    @Body() { reason }: BodyOf<typeof routes.discardDeadLetter>,
  ): Promise<DeadLetterView> {
    return this.settle(caller, 'DiscardDeadLetter', id, reason);
  }

  private async settle(
    caller: Caller,
    type: 'RequeueDeadLetter' | 'DiscardDeadLetter',
    id: DeadLetterId,
    reason: string | undefined,
  ): Promise<DeadLetterView> {
    const found = await this.letters.found(caller.tenant, id);
    const body = { letterId: id, ...(reason === undefined ? {} : { reason }), ...(found ? { found } : {}) };
    // The engine says what it has found; the actor stays the caller.
    await this.commands.send(caller, tenantRef(caller.tenant), { type, body }, { origin: 'system' });
    return (await this.letters.get(caller.tenant, id)) ?? refuse('TL0160', `there is no dead letter ${id}`);
  }
}
