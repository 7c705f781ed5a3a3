import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { RECORD_QUEUE, SUBJECT_FILTERS } from '@throughline/contracts';
import { RecordAnswerer } from './record-answerer.ts';

/** The queue of questions to the record. */
@Controller()
export class RecordConsumer {
  constructor(@Inject(RecordAnswerer) private readonly answerer: RecordAnswerer) {}

  @EventPattern<string>(SUBJECT_FILTERS.tasksOfQueue(RECORD_QUEUE))
  async answer(@Payload() task: unknown): Promise<void> {
    await this.answerer.answer(task);
  }
}
