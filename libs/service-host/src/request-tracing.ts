import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import type { HostReply, HostRequest } from './http-request.ts';
import { CORRELATION_ATTRIBUTE, correlationIdIn, traceparentOf, tracingOn } from './tracing.ts';

const startRequestSpan = (request: HostRequest, reply: HostReply): void => {
  const from = propagation.extract(ROOT_CONTEXT, request.headers);
  const route = request.routeOptions.url;
  const correlationId = correlationIdIn(from);
  const attributes = {
    'http.request.method': request.method,
    'url.path': request.url.split('?', 1)[0] ?? '',
    ...(route === undefined ? {} : { 'http.route': route }),
    ...(correlationId === undefined ? {} : { [CORRELATION_ATTRIBUTE]: correlationId }),
  };
  const name = route === undefined ? request.method : `${request.method} ${route}`;
  const span = trace.getTracer('throughline').startSpan(name, { kind: SpanKind.SERVER, attributes }, from);
  request.trace = { span, context: trace.setSpan(from, span) };
  const traceparent = traceparentOf(span);
  if (traceparent !== undefined) {
    void reply.header('traceparent', traceparent).header('x-trace-id', span.spanContext().traceId);
  }
  // The socket's event rather than a Fastify hook: a hijacked reply (a stream) has no onResponse.
  reply.raw.once('close', () => {
    span.setAttribute('http.response.status_code', reply.raw.statusCode);
    if (reply.raw.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
};

/**
 * A server span per API request. Own hooks instead of the http instrumentation: that one patches `node:http` through an
 * ESM loader before anything else may be imported, and still does not know the route.
 */
export const traceRequests = (fastify: FastifyInstance): void => {
  if (!tracingOn()) return;
  fastify.addHook('onRequest', (request: HostRequest, reply, done) => {
    if (request.url.startsWith('/api/')) startRequestSpan(request, reply);
    done();
  });
  // As late as possible: reading the body would leave the context again, since the socket's events run outside of it.
  fastify.addHook('preHandler', (request: HostRequest, _reply, done) => {
    if (request.trace) context.with(request.trace.context, done);
    else done();
  });
};
