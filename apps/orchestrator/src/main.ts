import { hostConfig, runService } from '@throughline/service-host';
import { AppModule } from './app.module.ts';

await runService({ config: hostConfig('orchestrator'), module: AppModule });
