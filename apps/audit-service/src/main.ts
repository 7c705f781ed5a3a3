import { runService } from '@throughline/service-host';
import { AppModule } from './app.module.ts';
import { auditConfig } from './config.ts';

await runService({ config: auditConfig(), module: AppModule });
