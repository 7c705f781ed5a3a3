import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

/** The part of OpenTelemetry's trace protocol that the assertions read; field numbers are the protocol's. */
const SCHEMA = `
syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5;
  repeated KeyValue attributes = 9; repeated Link links = 13;
}
message Link { bytes trace_id = 1; bytes span_id = 2; repeated KeyValue attributes = 4; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; ArrayValue array_value = 5; } }
message ArrayValue { repeated AnyValue values = 1; }
`;

interface WireValue {
  readonly stringValue?: string;
  readonly arrayValue?: { readonly values?: readonly WireValue[] };
}
interface WireAttributes {
  readonly attributes?: readonly { readonly key: string; readonly value?: WireValue }[];
}
interface WireSpan extends WireAttributes {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly name: string;
  readonly links?: readonly (WireAttributes & { readonly traceId: Uint8Array; readonly spanId: Uint8Array })[];
}
interface WireRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: WireAttributes;
    readonly scopeSpans?: readonly { readonly spans?: readonly WireSpan[] }[];
  }[];
}

export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly correlationIds: readonly string[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

const CORRELATION = 'throughline.correlation_id';
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

const textsOf = ({ attributes = [] }: WireAttributes, key: string): readonly string[] => {
  const value = attributes.find((attribute) => attribute.key === key)?.value;
  const values = value?.arrayValue?.values ?? (value ? [value] : []);
  return values.flatMap(({ stringValue }) => (stringValue === undefined ? [] : [stringValue]));
};

/** A real OTLP/HTTP endpoint that keeps what it gets. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  private readonly request = protobuf.parse(SCHEMA).root.lookupType('Request');
  private readonly server: Server;

  constructor() {
    this.server = createServer((incoming, answer) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        this.take(incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
        answer.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    // The cast states what a listening TCP server has.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  private take(body: Buffer): void {
    // The cast states what the schema above decodes to.
    const { resourceSpans = [] } = this.request.decode(body) as unknown as WireRequest;
    for (const { resource = {}, scopeSpans = [] } of resourceSpans) {
      const service = textsOf(resource, 'service.name')[0] ?? '';
      for (const span of scopeSpans.flatMap(({ spans = [] }) => spans)) {
        this.spans.push({
          service,
          name: span.name,
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentSpanId: hex(span.parentSpanId) || null,
          correlationIds: textsOf(span, CORRELATION),
          links: (span.links ?? []).map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        });
      }
    }
  }
}
