import type { INestApplication } from '@nestjs/common';
import { STREAMS, SUBJECT_FILTERS } from '@throughline/contracts';
import type { NatsConnection } from '@throughline/event-log/jetstream';
import { JetStreamStrategy, NATS_CONNECTION } from '@throughline/service-host';

/** All ingestors share one consumer: each line goes to one of them. */
export const telemetryStrategy = (app: INestApplication): JetStreamStrategy =>
  new JetStreamStrategy(app.get<NatsConnection>(NATS_CONNECTION), {
    stream: STREAMS.telemetry,
    durable: 'telemetry-ingestor',
    filterSubject: SUBJECT_FILTERS.telemetry,
    maxInFlight: 1_024,
    ackWaitMs: 30_000,
    maxDeliver: 5,
  });
