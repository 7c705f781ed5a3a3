import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { logMessageSchema, SUBJECT_FILTERS, tenantOfSubject } from '@throughline/contracts';
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
    const parsed = logMessageSchema.safeParse(payload);
    if (!parsed.success) throw new PoisonMessage(`not a log record: ${z.prettifyError(parsed.error)}`);
    const records = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
    // The subject is what a sender's permissions are about; the body must not name somebody else.
    const tenant = tenantOfSubject(subject);
    const foreign = records.find((record) => record.tenant !== tenant);
    if (foreign) throw new PoisonMessage(`a log record of tenant ${foreign.tenant} on ${subject}`);
    for (const record of records) this.buffer.record(record);
  }
}
