import type { Json } from '@throughline/contracts';
import { parseMachine } from '../parse-machine.ts';
import { faultsOf } from '../spec/faults-of.ts';

const delivering = (delivery: Json): Json => ({
  StartAt: 'Rest',
  States: { Rest: { Type: 'Pass', End: true } },
  Throughline: { Delivery: delivery },
});

test('a machine says where its results go', () => {
  const parsed = parseMachine(
    delivering({
      On: ['failed'],
      Targets: [{ Type: 'webhook', Url: 'http://127.0.0.1:8080/in?a=1', Secret: 'secret://a', TimeoutSeconds: 5 }],
      MaxAttempts: 3,
      IntervalSeconds: 0.5,
    }),
  );
  expect(parsed).toMatchObject({
    ok: true,
    machine: {
      extension: {
        delivery: {
          on: ['failed'],
          targets: [{ type: 'webhook', url: 'http://127.0.0.1:8080/in?a=1', secret: 'secret://a', timeoutSeconds: 5 }],
          maxAttempts: 3,
          intervalSeconds: 0.5,
        },
      },
    },
  });
});

test.each<[string, Json, string]>([
  ['no targets', {}, '/Throughline/Delivery'],
  ['an empty list of targets', { Targets: [] }, '/Throughline/Delivery/Targets'],
  ['a target of no known type', { Targets: [{ Type: 'ftp' }] }, '/Throughline/Delivery/Targets/0/Type'],
  ['a path upwards', { Targets: [{ Type: 'file', Path: '../x' }] }, '/Throughline/Delivery/Targets/0'],
  ['a wildcard', { Targets: [{ Type: 'nats', Subject: 'a.>' }] }, '/Throughline/Delivery/Targets/0'],
  [
    'a secret in clear',
    { Targets: [{ Type: 'webhook', Url: 'https://a.example/', Secret: 'abc' }] },
    '/Throughline/Delivery/Targets/0',
  ],
  ['an unknown end', { Targets: [{ Type: 'file', Path: 'x' }], On: ['done'] }, '/Throughline/Delivery/On'],
  [
    'a field of another target',
    { Targets: [{ Type: 'file', Path: 'x', Url: 'y' }] },
    '/Throughline/Delivery/Targets/0/Url',
  ],
])('%s is refused at its place', (_what, delivery, pointer) => {
  expect(faultsOf(delivering(delivery)).map((fault) => fault.split(' ')[1])).toContain(pointer);
});

test('no step is run on the queue of deliveries', () => {
  const faults = faultsOf({
    StartAt: 'Work',
    States: { Work: { Type: 'Task', Resource: 'tl:task:tl-delivery:webhook', End: true } },
  });
  expect(faults).toEqual(['UNKNOWN_RESOURCE /States/Work/Resource']);
});
