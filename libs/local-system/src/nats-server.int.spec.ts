import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats, type RunningNats } from './nats-server.ts';

describe('startNats', () => {
  let dir: string;
  let nats: RunningNats;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'throughline-nats-'));
    nats = await startNats({ dir });
  });
  afterAll(async () => {
    await nats.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('the server fsyncs before it acknowledges, takes 4 MB messages and listens on loopback only', async () => {
    const jsz = (await (await fetch(`${nats.monitorUrl}/jsz?config=true`)).json()) as {
      config: { sync_always: boolean };
    };
    const varz = (await (await fetch(`${nats.monitorUrl}/varz`)).json()) as { max_payload: number; host: string };
    expect(jsz.config.sync_always).toBe(true);
    expect(varz.max_payload).toBe(4 * 1024 * 1024);
    expect(varz.host).toBe('127.0.0.1');
  });

  test('acknowledged messages are there after kill -9 and a restart on the same port', async () => {
    const url = nats.url;
    const before = await connect({ servers: url });
    await (await jetstreamManager(before)).streams.add({ name: 'KEPT', subjects: ['kept.*'] });
    await jetstream(before).publish('kept.one', 'first');
    await before.close();
    const firstPid = nats.pid;
    await nats.kill('SIGKILL');
    await nats.restart();
    expect(nats.pid).not.toBe(firstPid);
    expect(nats.url).toBe(url);
    const after = await connect({ servers: nats.url });
    const info = await (await jetstreamManager(after)).streams.info('KEPT');
    await after.close();
    expect(info.state.messages).toBe(1);
  });
});

test('a second server over the same data is refused, until the first one is gone', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'throughline-nats-'));
  const first = await startNats({ dir });
  await expect(startNats({ dir })).rejects.toThrow(`in use by process ${first.pid}`);
  await first.kill('SIGKILL');
  const second = await startNats({ dir });
  await second.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('a port that is taken is named in the error, with the end of the log', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'throughline-nats-'));
  const first = await startNats({ dir: join(dir, 'a') });
  const port = Number(new URL(first.url).port);
  await expect(startNats({ dir: join(dir, 'b'), port })).rejects.toThrow(
    /nats-server ended unexpectedly[\s\S]*address already in use/,
  );
  await first.stop();
  rmSync(dir, { recursive: true, force: true });
});
