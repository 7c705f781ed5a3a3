export { CHECKOUT, postgresHome, stateHome } from './checkout.ts';
export { ProcessFailed, type Launched } from './child-process.ts';
export { localKey, type LocalKey } from './api-key.ts';
export { taskTokenKeyFile } from './task-token-key.ts';
export { findNatsServer, startNats, type NatsOptions, type RunningNats } from './nats-server.ts';
export { startNatsCluster, type NatsClusterOptions, type RunningNatsCluster } from './nats-cluster.ts';
export { startPostgres, type PostgresOptions, type RunningPostgres } from './postgres.ts';
export { findPostgres } from './postgres-binaries.ts';
export { migrate, schemaOf, type Migration } from './migrate.ts';
export {
  type ExampleName,
  EXAMPLES,
  type ExampleServer,
  freePort,
  freePorts,
  type InstanceCounts,
  portBaseOf,
  type Ports,
  portsFrom,
  takenPorts,
} from './ports.ts';
export { divergencesIn, replayAll, type ReplayedAll } from './replay-all.ts';
export { replayLock, type ReplayedLock } from './replay-lock.ts';
export type { Person, PersonsKeys, SigningKey } from './people.ts';
export { startSystem, type RunningSystem, type SystemOptions } from './system.ts';
export type { RunningService } from './service-process.ts';
