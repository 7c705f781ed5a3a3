import { jest } from '@jest/globals';
import { SERVICES } from '@throughline/contracts';
import { eventually } from '@throughline/testkit';
import { OrderSystem, type StartedOrder } from './order-system.ts';
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';

jest.setTimeout(180_000);

describe('one order in the traces that real processes export', () => {
  const receiver = new OtlpReceiver();
  let orders: OrderSystem;
  let order: StartedOrder;

  beforeAll(async () => {
    const endpoint = await receiver.listen();
    orders = await OrderSystem.start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: '200' });
    const [first] = await orders.startOrders('traced');
    if (!first) throw new Error('no order was started');
    order = first;
    await orders.expectRightEnds([order]);
    await orders.client.verifyAudit();
  });
  afterAll(async () => {
    await orders?.remove();
    await receiver.close();
  });

  const spansOfOrder = (): readonly ReceivedSpan[] =>
    receiver.spans.filter(({ correlationIds }) => correlationIds.includes(order.id));

  test('all five services have spans that are found by the correlation id', async () => {
    await eventually(
      'spans of all services',
      () => {
        const services = new Set(spansOfOrder().map(({ service }) => service));
        return SERVICES.every((service) => services.has(service));
      },
      { timeoutMs: 30_000 },
    );
    expect([...new Set(spansOfOrder().map(({ service }) => service))].sort()).toEqual([...SERVICES].sort());
  });

  test('the order’s spans are one tree: each has its parent in the trace, up to one root', async () => {
    const { traceId } = await orders.client.get(order.id);
    await eventually('the trace is whole', () => rootsOf(traceOf(traceId)).length === 1);
    const trace = traceOf(traceId);
    expect(rootsOf(trace)).toHaveLength(1);
    const names = trace.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['decide StartExecution', 'decide CompleteStep', 'decide FireTimer']));
    // Both sides of an attempt: the step-worker's span, and the decision on its result below it.
    const attempt = trace.find(
      ({ service, name }) => service === 'step-worker' && /attempt|ShipOrder|http/i.test(name),
    );
    expect(attempt).toBeDefined();
    const bySpan = new Map(trace.map((span) => [span.spanId, span]));
    const result = trace.find(({ name }) => name === 'decide CompleteStep');
    expect(result?.parentSpanId && bySpan.get(result.parentSpanId)?.service).toBe('step-worker');
  });

  test('projected batches link to the decisions that they project', async () => {
    const { traceId } = await orders.client.get(order.id);
    for (const service of ['orchestrator', 'step-worker', 'audit-service'] as const) {
      const batches = spansOfOrder().filter((span) => span.service === service && span.name.startsWith('project '));
      expect({ service, linked: batches.some(({ links }) => links.some((link) => link.traceId === traceId)) }).toEqual({
        service,
        linked: true,
      });
    }
  });

  const traceOf = (traceId: string | null): readonly ReceivedSpan[] =>
    receiver.spans.filter((span) => span.traceId === traceId);
});

/** Spans without a parent, and spans whose parent nobody exported. */
const rootsOf = (trace: readonly ReceivedSpan[]): readonly ReceivedSpan[] => {
  const ids = new Set(trace.map(({ spanId }) => spanId));
  return trace.filter(({ parentSpanId }) => parentSpanId === null || !ids.has(parentSpanId));
};
