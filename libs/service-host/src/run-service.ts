import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { HostConfig } from './host-config.ts';

export interface ServiceOptions {
  readonly config: HostConfig;
  /** The service's root module. The host's tokens (`tokens.ts`) and `ServiceStatus` can be injected everywhere. */
  readonly module: Type | NonNullable<ModuleMetadata['imports']>[number];
  /** Work queues that Nest handlers read from. */
  readonly strategies?: (app: INestApplication) => readonly CustomTransportStrategy[];
}

/** Everything wired, nothing listening yet: `app.listen` or `app.init` is the caller's. */
export declare const createService: (options: ServiceOptions) => Promise<NestFastifyApplication>;
/**
 * Boots, listens, and stops on SIGTERM or SIGINT: takes no more, finishes what is in hand, flushes. Exits 1 with one
 * clear line where boot fails.
 */
export declare const runService: (options: ServiceOptions) => Promise<NestFastifyApplication>;
