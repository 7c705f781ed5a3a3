import { DELIVERY_QUEUE } from '@throughline/contracts';
import { JetStreamStrategy, NATS_CONNECTION, runService } from '@throughline/service-host';
import { handlerSet, taskQueueConsumer } from '@throughline/worker-sdk';
import { AppModule } from './app.module.ts';
import { stepWorkerConfig } from './config.ts';
import { loadHandlers } from './handlers/load-handlers.ts';
import { targetsOf } from './targets/targets-of-worker.ts';
import { createHttpSteps } from './http-steps/http-invoke.ts';

const config = stepWorkerConfig();
const targets = targetsOf(config);
const httpSteps = createHttpSteps({ targets: targets.http, holdMs: config.targetHoldMs });
const handlers = handlerSet([httpSteps.handler, ...(await loadHandlers(config.handlerModules))]);

await runService({
  config,
  module: AppModule.of({ config, httpSteps, handlers, targets }),
  strategies: (app) =>
    [...handlers.queues, DELIVERY_QUEUE].map(
      (queue) =>
        new JetStreamStrategy(app.get(NATS_CONNECTION), {
          ...taskQueueConsumer(queue, handlers),
          slots: config.slotsPerQueue,
        }),
    ),
});
