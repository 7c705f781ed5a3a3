/** What the host provides to every module, to be injected with `@Inject(…)`. */

/** `HostConfig` */
export const HOST_CONFIG = Symbol('HostConfig');
/** pino `Logger` */
export const LOGGER = Symbol('Logger');
/** `NatsConnection`: server checked, streams there */
export const NATS_CONNECTION = Symbol('NatsConnection');
/** `EventLog` over that connection, for reading (the orchestrator makes its own for appending) */
export const EVENT_LOG = Symbol('EventLog');
/** pg `Pool`, bounded; every query names its schema or sets it */
export const PG_POOL = Symbol('Pool');
/** `CommandSender` */
export const COMMAND_SENDER = Symbol('CommandSender');
/** `RunningProjection` of the service, where `ReadModelModule` is imported */
export const PROJECTION = Symbol('RunningProjection');
/** `ReadModel`: what `ReadModelModule` was given */
export const READ_MODEL = Symbol('ReadModel');
