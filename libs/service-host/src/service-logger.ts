import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';
import type { HostConfig } from './host-config.ts';

/** JSON lines on stdout. */
export declare const createLogger: (config: Pick<HostConfig, 'service' | 'logLevel'>) => Logger;
/** Nest's own lines through the same logger. */
export declare const nestLogger: (logger: Logger) => LoggerService;
