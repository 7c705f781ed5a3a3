import { hostConfig, runService } from '@throughline/service-host';
import { AppModule } from './app.module.ts';
import { telemetryStrategy } from './consumers/telemetry-strategy.ts';

await runService({
  config: hostConfig('telemetry-ingestor'),
  module: AppModule,
  strategies: (app) => [telemetryStrategy(app)],
});
