import { RECORD_QUEUE } from '@throughline/contracts';
import { JetStreamStrategy, NATS_CONNECTION, runService } from '@throughline/service-host';
import { AppModule } from './app.module.ts';
import { replayConfig } from './config.ts';

/** Looking an answer up takes milliseconds; who crashed leaves the question to another one after this. */
const ACK_WAIT_MS = 5_000;
const DELIVERIES_MAX = 10;
const SLOTS = 32;

await runService({
  config: replayConfig(),
  module: AppModule,
  strategies: (app) => [
    new JetStreamStrategy(app.get(NATS_CONNECTION), {
      queue: RECORD_QUEUE,
      ackWaitMs: ACK_WAIT_MS,
      maxDeliver: DELIVERIES_MAX,
      slots: SLOTS,
    }),
  ],
});
