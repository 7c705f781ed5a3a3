import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { logRecordSchema, SUBJECT_FILTERS, tenantOfSubject } from '@throughline/contracts';
import { JetStreamContext, PoisonMessage } from '@throughline/service-host';
import { z } from 'zod';
import { LogBuffer } from '../logs/log-buffer.ts';

/** Takes log lines off TL_TELEMETRY. A line is acked once it is in the buffer, or dropped: it is never worth a redelivery. */
@Controller()
export class LogConsumer {
  constructor(@Inject(LogBuffer) private readonly buffer: LogBuffer) {}

  @EventPattern<string>(SUBJECT_FILTERS.telemetry)
  take(@Payload() payload: unknown, @Ctx() context: JetStreamContext): void {
    const { subject } = context.message;
    if (!subject.endsWith('.log')) throw new PoisonMessage(`nothing takes telemetry on ${subject}`);
    const parsed = logRecordSchema.safeParse(payload);
    if (!parsed.success) throw new PoisonMessage(`not a log record: ${z.prettifyError(parsed.error)}`);
    // The subject is what a sender's permissions are about; the body must not name somebody else.
    if (parsed.data.tenant !== tenantOfSubject(subject)) {
      throw new PoisonMessage(`a log record of tenant ${parsed.data.tenant} on ${subject}`);
    }
    this.buffer.record(parsed.data);
  }
}
