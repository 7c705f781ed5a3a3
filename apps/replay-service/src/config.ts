import { type HostConfig, hostConfig } from '@throughline/service-host';

/** Nothing beyond what every service reads. */
export const replayConfig = (): HostConfig => hostConfig('replay-service');
