import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { DELIVERY_QUEUE, SUBJECT_FILTERS } from '@throughline/contracts';
import { JetStreamContext } from '@throughline/service-host';
import { DeliveryRunner } from './delivery-runner.ts';

/** The queue of deliveries; its pattern says more than that of all tasks, so it goes first. */
@Controller()
export class DeliveriesConsumer {
  constructor(@Inject(DeliveryRunner) private readonly runner: DeliveryRunner) {}

  @EventPattern<string>(SUBJECT_FILTERS.tasksOfQueue(DELIVERY_QUEUE))
  async run(@Payload() task: unknown, @Ctx() context: JetStreamContext): Promise<void> {
    await this.runner.run(task, context.message);
  }
}
