import { runService } from '@throughline/service-host';
import { AppModule } from './app.module.ts';
import { replayConfig } from './config.ts';

await runService({ config: replayConfig(), module: AppModule });
