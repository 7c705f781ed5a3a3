import { correlationIdSchema, type CorrelationId, traceparentSchema } from '@throughline/contracts';

/** What a caller's W3C headers say. Read whether or not this process traces: a trace must not break at it. */
export interface InboundTrace {
  readonly traceparent?: string;
  readonly correlationId?: CorrelationId;
}

const CORRELATION_ENTRY = /(?:^|,)\s*throughline\.correlation_id\s*=\s*([^,;]+)/;
const BAGGAGE_CHARACTERS_MAX = 8_192;

export const inboundTrace = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): InboundTrace => {
  const { traceparent, baggage } = headers;
  const parent = traceparentSchema.safeParse(traceparent);
  const correlation = correlationIdSchema.safeParse(correlationIn(baggage));
  return {
    ...(parent.success ? { traceparent: parent.data } : {}),
    ...(correlation.success ? { correlationId: correlation.data } : {}),
  };
};

const correlationIn = (baggage: string | readonly string[] | undefined): string | undefined => {
  if (typeof baggage !== 'string' || baggage.length > BAGGAGE_CHARACTERS_MAX) return undefined;
  const value = CORRELATION_ENTRY.exec(baggage)?.[1]?.trim();
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
};
