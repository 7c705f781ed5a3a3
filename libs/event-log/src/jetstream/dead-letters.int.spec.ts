import { deadSubject, STREAMS, taskSubject, tenantSchema } from '@throughline/contracts';
import { connectNats, type NatsConnection } from './connection.ts';
import { deadLetter, readDeadLetters } from './dead-letters.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { type SpecServer, startSpecServer } from './spec-server.ts';
import { ensureStreams } from './streams.ts';

const TENANT = tenantSchema.parse('acme');
const queue = 'default' as Parameters<typeof taskSubject>[0]; // a subject token

let server: SpecServer;
let nc: NatsConnection;
let publisher: Publisher;

beforeAll(async () => {
  server = await startSpecServer();
  nc = await connectNats({ url: server.url, name: 'spec' });
  await ensureStreams(nc);
  publisher = createPublisher(nc);
}, 60_000);
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

it('what is no letter hides none of those that are', async () => {
  const put = (text: string): Promise<unknown> => publisher.publish(deadSubject(STREAMS.tasks, TENANT), text);
  for (const text of ['', 'null', '[]', '{"v":1}', '{"v":1,"payload":{"encoding":"hex"}}', '\u0000']) await put(text);
  await deadLetter(publisher, {
    stream: STREAMS.tasks,
    subject: taskSubject(queue, 'normal', TENANT),
    seq: 7,
    deliveries: 3,
    storedAtMs: Date.parse('2026-01-31T12:00:00.000Z'),
    code: 'TL0001',
    reason: 'nobody can read it',
    bytes: Buffer.from('poison'),
  });
  await put('{"v":1,"stream":"TL_TASKS"}');
  const { letters } = await readDeadLetters(nc, TENANT, { fromSeq: 1, limit: 10 });
  expect(letters.map(({ letter }) => [letter.seq, letter.payload.data])).toEqual([[7, 'poison']]);
});
