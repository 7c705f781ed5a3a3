import { inboundTrace } from './inbound-trace.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('what a caller’s headers say about its trace', () => {
  test('traceparent and correlation id are taken over', () => {
    expect(inboundTrace({ traceparent: TRACEPARENT, baggage: 'a=1, throughline.correlation_id=order-7;p=1' })).toEqual({
      traceparent: TRACEPARENT,
      correlationId: 'order-7',
    });
  });

  test.each([
    ['a malformed traceparent', { traceparent: '00-xyz' }],
    ['a correlation id that could not stand in a subject', { baggage: 'throughline.correlation_id=a.*' }],
    ['a broken escape', { baggage: 'throughline.correlation_id=%E0%A4%A' }],
    ['a key that only ends alike', { baggage: 'other.throughline.correlation_id=x' }],
    ['nothing', {}],
  ])('%s is left out', (_what, headers) => {
    expect(inboundTrace(headers)).toEqual({});
  });
});
