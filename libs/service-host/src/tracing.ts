import type { Attributes, Link, Span, SpanKind } from '@opentelemetry/api';
import type { ProjectedRecord } from '@throughline/projections';

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: readonly Link[];
}

/** True where the process was started with the OpenTelemetry module and an endpoint. */
export declare const tracingOn: () => boolean;
/**
 * Starts a span that continues `traceparent` (a new trace without one) and carries `throughline.correlation_id` as
 * attribute. Does nothing, cheaply, when tracing is off. The caller ends it.
 */
export declare const spanFrom: (
  traceparent: string | undefined,
  correlationId: string | undefined,
  name: string,
  kind?: SpanKind,
  attributes?: Attributes,
) => Span;
/** Runs inside the span's context (and the correlation id's baggage), records a throw, ends the span. */
export declare const inSpan: <T>(
  span: Span,
  correlationId: string | undefined,
  run: () => T | Promise<T>,
) => Promise<T>;
/** For a message that continues this span. Passes the parent's through where the span itself is not recorded; undefined where there is none. */
export declare const traceparentOf: (span: Span) => string | undefined;
/** Of the span that is active here, e.g. the HTTP request's. */
export declare const activeTraceparent: () => string | undefined;
/** `throughline.correlation_id` of the baggage that came with the request. */
export declare const baggageCorrelationId: () => string | undefined;
/** `traceparent` and `baggage` headers for an outgoing request that continues the span. */
export declare const propagationHeaders: (span: Span, correlationId: string | undefined) => Record<string, string>;
/** One span for a projected batch with links to its commits' traces. */
export declare const traceBatch: (
  schema: string,
) => (batch: readonly ProjectedRecord[], run: () => Promise<void>) => Promise<void>;
