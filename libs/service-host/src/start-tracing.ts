import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { setStartedTracing } from './started-tracing.ts';

/** Spans only, over OTLP: everything else (endpoint, headers, sampler, batch sizes) by the standard OTEL_* variables. */
export const startTracing = (serviceName: string): void => {
  const sdk = new NodeSDK({
    serviceName,
    // Bounded (2,048 spans): what an unreachable collector does not take is dropped.
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  setStartedTracing({ shutdown: () => sdk.shutdown() });
};
