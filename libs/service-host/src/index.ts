export { type HostConfig, hostConfig } from './host-config.ts';
export { createService, runService, type ServiceOptions } from './run-service.ts';
export {
  type BodyOf,
  Body,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  type ResponseOf,
} from './handle.ts';
export type { Caller } from './caller.ts';
export type { InboundTrace } from './inbound-trace.ts';
export { refuse, Refused, refuseWith } from './refused.ts';
export { ANSWER_MS, type OutgoingCommand, sendCommand } from './send-command.ts';
export { Moments } from './moments.ts';
export { readCursor, writeCursor } from './cursor.ts';
export {
  COMMAND_SENDER,
  EVENT_LOG,
  HOST_CONFIG,
  LOGGER,
  NATS_CONNECTION,
  PG_POOL,
  PROJECTION,
  READ_MODEL,
} from './tokens.ts';
export { ReadModelModule } from './read-model.module.ts';
export { type Check, type Counter, type Labels, ServiceStatus } from './service-status.ts';
export {
  activeTraceparent,
  baggageCorrelationId,
  correlate,
  inSpan,
  propagationHeaders,
  spanFrom,
  traceBatch,
  traceparentOf,
  tracingOn,
} from './tracing.ts';
export {
  HandlerUnavailable,
  JetStreamContext,
  JetStreamStrategy,
  type JetStreamStrategyOptions,
  PoisonMessage,
} from './jetstream-strategy.ts';
export { type LogLine, TelemetryLog, type TelemetryLogOptions } from './telemetry-log.ts';
export { createLogger } from './service-logger.ts';
export { type ApiKeys, readApiKeys } from './api-keys.ts';
export { openApiOf } from './openapi.ts';
