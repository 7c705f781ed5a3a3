import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Controller, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SpanKind } from '@opentelemetry/api';
import { routes } from '@throughline/contracts';
import type { ProjectedRecord } from '@throughline/projections';
import { eventually, useServers } from '@throughline/testkit';
import protobuf from 'protobufjs';
import {
  activeTraceparent,
  baggageCorrelationId,
  Body,
  correlate,
  createService,
  Handle,
  inSpan,
  propagationHeaders,
  spanFrom,
  traceBatch,
  traceparentOf,
  tracingOn,
} from './index.ts';
import { startTracing } from './start-tracing.ts';
import { setStartedTracing, startedTracing } from './started-tracing.ts';

/** The part of OTLP that is looked at here; field numbers as in opentelemetry-proto. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6; repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; ArrayValue array_value = 5; } }
  message ArrayValue { repeated AnyValue values = 1; }
`);
const REQUEST = root.lookupType('Request');

interface AnyValue {
  stringValue?: string;
  arrayValue?: { values: AnyValue[] };
}
interface Received {
  readonly service: string | undefined;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, AnyValue>>;
  readonly links: readonly string[];
  readonly failed: boolean;
}
interface KeyValue {
  key: string;
  value: AnyValue;
}
interface WireSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes?: KeyValue[];
  links?: { spanId: string }[];
  status?: { code?: number };
}
interface Wire {
  resourceSpans?: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: WireSpan[] }[] }[];
}

const attributesOf = (pairs: readonly KeyValue[] = []): Record<string, AnyValue> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
const hex = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('hex');

const decode = (bytes: Buffer): Received[] => {
  // protobufjs gives an untyped object; the schema above is what it was made from.
  const wire = REQUEST.toObject(REQUEST.decode(bytes), { bytes: String, longs: String }) as Wire;
  return (wire.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: attributesOf(resource.attributes)['service.name']?.stringValue,
        name: span.name,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        attributes: attributesOf(span.attributes),
        links: (span.links ?? []).map((link) => hex(link.spanId)),
        failed: span.status?.code === 2,
      })),
    ),
  );
};

const received: Received[] = [];
const receiver: Server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/v1/traces') received.push(...decode(Buffer.concat(chunks)));
    response.end();
  });
});
const spanNamed = (name: string): Promise<Received> =>
  eventually(`a span "${name}"`, () => received.find((span) => span.name === name));

@Controller()
class StartController {
  @Handle(routes.startExecution)
  async start(@Body() body: object): Promise<object> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    correlate('order-7');
    const inner = spanFrom(activeTraceparent(), baggageCorrelationId(), 'inner');
    return inSpan(inner, baggageCorrelationId(), () => ({ body, correlationId: baggageCorrelationId() ?? null }));
  }
}
@Module({ controllers: [StartController] })
class StartModule {}

const TRACE = 'a'.repeat(32);
const PARENT = `00-${TRACE}-${'b'.repeat(16)}-01`;

describe('without tracing', () => {
  test('a span costs nothing and passes its parent on', async () => {
    expect(tracingOn()).toBe(false);
    expect(traceparentOf(spanFrom(PARENT, 'c1', 'step'))).toBe(PARENT);
    expect(traceparentOf(spanFrom(undefined, 'c1', 'step'))).toBeUndefined();
    expect(traceparentOf(spanFrom('not a traceparent', 'c1', 'step'))).toBeUndefined();
    expect(await inSpan(spanFrom(PARENT, 'c1', 'step'), 'c1', () => 7)).toBe(7);
    expect(activeTraceparent()).toBeUndefined();
  });
});

describe('with tracing', () => {
  const servers = useServers();
  let app: NestFastifyApplication;
  const key = `tlk_k_${'s'.repeat(40)}`;

  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    process.env['OTEL_BSP_SCHEDULE_DELAY'] = '50';
    startTracing('spec-service');
    const apiKeysFile = join(servers.dir, 'keys.json');
    const sha256 = createHash('sha256').update(key).digest('hex');
    const entry = { id: 'k', tenant: 'default', sha256, permissions: ['executions:start'] };
    writeFileSync(apiKeysFile, JSON.stringify({ keys: [entry] }));
    app = await createService({
      module: StartModule,
      config: {
        service: 'orchestrator',
        host: '127.0.0.1',
        port: 0,
        natsUrl: servers.natsUrl,
        natsMonitorUrl: undefined,
        replicas: 1,
        instance: 'spec',
        noticeMs: 0,
        databaseUrl: servers.databaseUrl,
        apiKeysFile,
        logLevel: 'silent',
      },
    });
    await app.listen(0, '127.0.0.1');
  }, 120_000);

  describe('of requests, steps and batches', () => {
    afterAll(async () => {
      await app.close();
      await startedTracing()?.shutdown();
      setStartedTracing(undefined);
      await new Promise((resolve) => receiver.close(resolve));
    });

    test('a request continues the trace that it came with, through the reading of its body into the handler', async () => {
      const answer = await fetch(`${await app.getUrl()}/api/v1/workflows/w/executions`, {
        method: 'POST',
        body: JSON.stringify({ input: { text: 'x'.repeat(200_000) } }),
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          ...propagationHeaders(spanFrom(PARENT, undefined, 'caller'), 'order-7'),
        },
      });
      expect(answer.status).toBe(201);
      expect(await answer.json()).toMatchObject({ correlationId: 'order-7' });
      expect(answer.headers.get('x-trace-id')).toBe(TRACE);
      const server = await spanNamed('POST /api/v1/workflows/:name/executions');
      expect(server).toMatchObject({ service: 'spec-service', traceId: TRACE });
      expect(server.attributes['throughline.correlation_id']).toEqual({ stringValue: 'order-7' });
      const inner = await spanNamed('inner');
      expect(inner).toMatchObject({ traceId: TRACE, parentSpanId: server.spanId });
      expect(inner.attributes['throughline.correlation_id']).toEqual({ stringValue: 'order-7' });
    }, 30_000);

    test('a throw is on the span, and still thrown', async () => {
      const span = spanFrom(PARENT, 'c2', 'failing', SpanKind.CONSUMER, { 'tl.step': 'Pay' });
      await expect(inSpan(span, 'c2', () => Promise.reject(new Error('no money')))).rejects.toThrow('no money');
      expect(await spanNamed('failing')).toMatchObject({
        failed: true,
        attributes: { 'tl.step': { stringValue: 'Pay' } },
      });
    });

    test('a batch has one span with a link to each trace in it, found by each correlation id', async () => {
      const record = (n: number): ProjectedRecord =>
        // Only what a span is made of.
        ({
          commit: {
            correlationId: `c${n % 3}`,
            commands: [{ traceparent: `00-${TRACE}-${`${n}`.padStart(16, '0')}-01` }],
          },
        }) as unknown as ProjectedRecord;
      let ran = false;
      await traceBatch('audit')(
        Array.from({ length: 150 }, (_, n) => record(n + 1)),
        async () => void (ran = true),
      );
      expect(ran).toBe(true);
      const span = await spanNamed('project audit');
      expect(span.links).toHaveLength(100);
      expect(span.links[0]).toBe('1'.padStart(16, '0'));
      expect(span.parentSpanId).toBe('');
      const ids = span.attributes['throughline.correlation_id']?.arrayValue?.values.map((value) => value.stringValue);
      expect(ids?.sort()).toEqual(['c0', 'c1', 'c2']);
    });

    test('a batch of commits that nobody traces has no span', async () => {
      const untraced = { commit: { correlationId: 'c', commands: [{}] } } as unknown as ProjectedRecord;
      await traceBatch('untraced')([untraced], () => Promise.resolve());
      await inSpan(spanFrom(PARENT, undefined, 'later'), undefined, () => undefined);
      await spanNamed('later');
      expect(received.map(({ name }) => name)).not.toContain('project untraced');
    });
  });
});
