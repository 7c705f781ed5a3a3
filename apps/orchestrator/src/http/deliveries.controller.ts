import { Controller, Inject } from '@nestjs/common';
import { type DeliveryView, executionRef, routes } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';
import { deliveryViewOf, type ExecutionState } from '@throughline/execution';
import { fold } from '@throughline/history';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  EVENT_LOG,
  Handle,
  Params,
  type ParamsOf,
  refuse,
} from '@throughline/service-host';
import { CommandGateway } from './command-gateway.ts';

/** Where results went. Straight from the log: it is asked for rarely, and right after something was commanded. */
@Controller()
export class DeliveriesController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(EVENT_LOG) private readonly log: EventLog,
  ) {}

  @Handle(routes.getDelivery)
  async get(@CallerOf() caller: Caller, @Params() { id }: ParamsOf<typeof routes.getDelivery>): Promise<DeliveryView> {
    const read = await this.log.read(executionRef(caller.tenant, id));
    if (read.kind === 'unreadable') return refuse(read.code, read.problem);
    const state = fold<ExecutionState>(read.commits);
    return state ? deliveryViewOf(state) : refuse('TL0105', `no execution ${id}`);
  }

  @Handle(routes.retryDelivery)
  async retry(
    @CallerOf() caller: Caller,
    @Params() params: ParamsOf<typeof routes.retryDelivery>,
    @Body() body: BodyOf<typeof routes.retryDelivery>,
  ): Promise<DeliveryView> {
    await this.commands.send(caller, executionRef(caller.tenant, params.id), { type: 'RetryDelivery', body });
    return this.get(caller, params);
  }
}
