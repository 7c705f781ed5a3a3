import { parseMachine } from '@throughline/asl';
import type { Json } from '@throughline/contracts';
import { handlers } from './handlers.ts';
import { orderFulfilment } from './machine.ts';

const urls = {
  inventoryUrl: 'http://127.0.0.1:7451',
  paymentUrl: 'http://127.0.0.1:7452/',
  shippingUrl: 'http://ship',
};
// The cast states what the file holds.
const definition = orderFulfilment(urls) as Json;

describe('the order-fulfilment machine', () => {
  const parsed = parseMachine(definition);

  it('validates without a fault', () => {
    expect(parsed.ok ? [] : parsed.faults).toEqual([]);
  });

  it('has the service addresses filled in and no placeholder left', () => {
    const text = JSON.stringify(definition);
    expect(text).not.toContain('${');
    expect(text).toContain('"http://127.0.0.1:7451/reservations"');
    expect(text).toContain('"http://127.0.0.1:7452/charges"');
  });

  it('names only SDK handlers that the example has', () => {
    if (!parsed.ok) throw new Error('does not parse');
    const named = Object.values(parsed.machine.states).flatMap((state) =>
      state.type === 'Task' && state.resource.kind === 'task' && state.resource.text.startsWith('tl:task:')
        ? [`${state.resource.queue}:${state.resource.handler}`]
        : [],
    );
    expect(named).toEqual(handlers.map(({ queue, name }) => `${queue}:${name}`));
  });
});
