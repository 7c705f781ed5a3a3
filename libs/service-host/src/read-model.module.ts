import type { DynamicModule } from '@nestjs/common';
import type { ReadModel } from '@throughline/projections';

/**
 * Runs the service's projection from boot to shutdown, shows it in health and metrics, and serves the rebuild and
 * digest routes. Provides `PROJECTION`.
 */
export declare class ReadModelModule {
  static for(readModel: ReadModel, options?: { readonly batchSize?: number }): DynamicModule;
}
