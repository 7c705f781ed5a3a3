import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { SUBJECT_FILTERS } from '@throughline/contracts';
import { JetStreamContext } from '@throughline/service-host';
import { TaskRunner } from './task-runner.ts';

/** Tasks of every queue that this process reads; which queues, say the strategies in main. */
@Controller()
export class TasksConsumer {
  private readonly runner: TaskRunner;

  constructor(@Inject(TaskRunner) runner: TaskRunner) {
    this.runner = runner;
  }

  @EventPattern<string>(SUBJECT_FILTERS.tasks)
  async run(@Payload() task: unknown, @Ctx() context: JetStreamContext): Promise<void> {
    await this.runner.run(task, context.message);
  }
}
