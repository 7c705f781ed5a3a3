import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { ProgressEvent } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import { initialExecution } from '@throughline/execution';
import { exampleMachines, ExecutionUnderTest, resolved } from '@throughline/execution/given-when-then';
import { parsePosition } from '../progress/event-position.ts';
import { progressOfExecution } from '../progress/progress-of-execution.ts';
import { writeEvents } from './event-stream.ts';

const PATIENCE_MS = 300;
/** Of 32 KB each: together more than the buffers of both ends of a connection hold. */
const FAILURES = 400;

/** A step that fails again and again, each time with a long cause. */
const longHistory = (): ExecutionUnderTest => {
  const again = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Try' }], ResultPath: null };
  const execution = new ExecutionUnderTest(resolved(exampleMachines.machine({ Try: exampleMachines.task(again) })));
  execution.start({});
  for (let i = 0; i < FAILURES; i += 1) execution.fail('Truck.Broken', `${i}:`.padEnd(32_000, 'x'));
  return execution;
};

const idsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^id: (.+)\ndata: .+\n$/gm)].map(([, id]) => id ?? '');

describe('an event stream on a real connection', () => {
  const execution = longHistory();
  const outcomes: string[] = [];
  let server: Server;

  const eventsAfter = (after: string | undefined): AsyncIterable<readonly ProgressEvent[]> => {
    const commits = execution.log.map((at): LoggedCommit => ({ ...at, storedAt: execution.now }));
    return progressOfExecution(
      initialExecution(execution.state.ref),
      commits,
      after === undefined ? undefined : parsePosition(after),
    );
  };
  /** Sends the request and reads as far as `enough` says; then it stops reading and leaves the connection open. */
  const read = async (lastEventId: string | undefined, enough: (text: string) => boolean) => {
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const socket: Socket = connect(port, '127.0.0.1');
    let text = '';
    let stopped = false;
    const header = lastEventId === undefined ? '' : `last-event-id: ${lastEventId}\r\n`;
    socket.write(`GET / HTTP/1.0\r\n${header}\r\n`);
    await new Promise<void>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (stopped || !enough(text)) return;
        stopped = true;
        socket.pause();
        resolve();
      });
      socket.on('close', () => resolve());
    });
    return { socket, text: () => text };
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const abort = new AbortController();
      response.once('close', () => abort.abort());
      const after = request.headers['last-event-id'];
      void writeEvents(response, eventsAfter(after === undefined ? undefined : String(after)), {
        signal: abort.signal,
        // Who comes back reads on, however long this machine leaves it without a turn.
        patienceMs: after === undefined ? PATIENCE_MS : 60_000,
      }).then((outcome) => outcomes.push(outcome));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  it('cuts off a reader that stops reading, which then gets exactly the rest', async () => {
    const all: string[] = [];
    for await (const batch of eventsAfter(undefined)) all.push(...batch.map((event) => event.event_id));
    const slow = await read(undefined, (text) => idsIn(text).length >= 5);
    const cutOff = once(slow.socket, 'close');
    while (!outcomes.includes('cut')) await new Promise((resolve) => setTimeout(resolve, 20));
    slow.socket.resume();
    await cutOff;
    // What was in the buffers on the way still arrives, and an event cut in half does not count.
    const first = idsIn(slow.text());
    expect(first.length).toBeLessThan(all.length);
    const rest = await read(first.at(-1), () => false);
    expect([...first, ...idsIn(rest.text())]).toEqual(all);
    expect(outcomes).toEqual(['cut', 'ended']);
  });
});
