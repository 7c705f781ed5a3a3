import { logMessageSchema, tenantSchema } from '@throughline/contracts';
import { connectNats, type NatsConnection } from '@throughline/event-log/jetstream';
import { eventually, useServers } from '@throughline/testkit';
import { TelemetryLog } from './telemetry-log.ts';

const servers = useServers({ postgres: false });
const TENANT = tenantSchema.parse('acme');
const line = (message: string) => ({ level: 'ok', domain: 'step', message }) as const;

describe('the telemetry log', () => {
  let nc: NatsConnection;
  let other: NatsConnection;
  const seen: { subject: string; id: string; message: string }[] = [];
  beforeAll(async () => {
    nc = await connectNats({ url: servers.natsUrl, name: 'writer' });
    other = await connectNats({ url: servers.natsUrl, name: 'reader' });
    other.subscribe('tl.tel.>', {
      callback: (_error, message) => {
        const records = logMessageSchema.parse(message.json());
        for (const { id, message: text } of Array.isArray(records) ? records : [records]) {
          seen.push({ subject: message.subject, id, message: text });
        }
      },
    });
    await other.flush();
  });
  beforeEach(() => void seen.splice(0));
  afterAll(async () => {
    await nc.close();
    await other.close();
  });

  test('sends lines in order, each with an id of its own', async () => {
    const log = new TelemetryLog(nc, { service: 'spec', flushEveryMs: 5 });
    for (let n = 0; n < 1_500; n += 1) log.write(TENANT, line(`line ${n}`));
    await eventually('all lines', () => seen.length === 1_500);
    expect(seen.map(({ message }) => message)).toEqual(Array.from({ length: 1_500 }, (_, n) => `line ${n}`));
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1_500);
    expect(seen[0]?.subject).toBe('tl.tel.acme.log');
    expect({ sent: log.sent, dropped: log.dropped }).toEqual({ sent: 1_500, dropped: 0 });
    await log.close();
  });

  test('drops and counts when it is full, and never waits', async () => {
    const log = new TelemetryLog(nc, { service: 'spec', linesMax: 100, flushEveryMs: 60_000 });
    const startedMs = performance.now();
    for (let n = 0; n < 100_000; n += 1) log.write(TENANT, line('x'));
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect({ waiting: log.waiting, dropped: log.dropped }).toEqual({ waiting: 100, dropped: 99_900 });
    await log.close();
    expect({ waiting: log.waiting, sent: log.sent, dropped: log.dropped }).toEqual({
      waiting: 0,
      sent: 100,
      dropped: 99_900,
    });
  });

  test('a message too long for a record is cut, not lost', async () => {
    const log = new TelemetryLog(nc, { service: 'spec', flushEveryMs: 5 });
    log.write(TENANT, line('y'.repeat(20_000)));
    const cut = await eventually('the line', () => seen.find(({ message }) => message.startsWith('y')));
    expect(cut.message).toHaveLength(8_192);
    await log.close();
  });

  test('while the server is away lines wait, the rest is dropped, and it goes on afterwards', async () => {
    const log = new TelemetryLog(nc, { service: 'spec', linesMax: 50, flushEveryMs: 5 });
    await servers.nats.kill('SIGKILL');
    for (let n = 0; n < 2_000; n += 1) {
      log.write(TENANT, line(`away ${n}`));
      if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(log.waiting).toBe(50);
    expect(log.dropped).toBeGreaterThan(1_000);
    await servers.nats.restart();
    await eventually('lines go out again', () => log.waiting === 0, { timeoutMs: 20_000 });
    // The reader must be back too, and a line that left while the writer's link came up may be lost: only going on is promised.
    await eventually('the reader is back', () => other.flush().then(() => true), { timeoutMs: 20_000 });
    const goesOn = (): boolean => {
      log.write(TENANT, line('after'));
      return seen.some(({ message }) => message === 'after');
    };
    await eventually('a new line arrives', goesOn, { timeoutMs: 30_000, everyMs: 100 });
    await log.close();
  }, 60_000);
});
