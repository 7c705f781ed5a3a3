import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningNatsCluster, startNatsCluster } from './nats-cluster.ts';

describe('startNatsCluster', () => {
  let dir: string;
  let cluster: RunningNatsCluster;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'throughline-nats-cluster-'));
    cluster = await startNatsCluster({ dir });
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('every server fsyncs, and a client is told no addresses but those that it was given', async () => {
    const nc = await connect({ servers: cluster.url.split(',') });
    expect(nc.info?.connect_urls).toBeUndefined();
    await nc.close();
    for (const { monitorUrl } of cluster.servers.values()) {
      // The monitor's own form.
      const jsz = (await (await fetch(`${monitorUrl}/jsz?config=true`)).json()) as { config: { sync_always: boolean } };
      expect(jsz.config.sync_always).toBe(true);
    }
  });

  test('what was acknowledged outlives kill -9 of the leader, and then of two servers', async () => {
    const nc = await connect({ servers: cluster.url.split(','), maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const manager = await jetstreamManager(nc);
    const publish = async (text: string): Promise<void> => {
      await jetstream(nc).publish('kept.one', text, { retries: 20 });
    };
    await manager.streams.add({ name: 'KEPT', subjects: ['kept.*'], num_replicas: 3 });
    await publish('first');
    const leader = (await manager.streams.info('KEPT')).cluster?.leader ?? '';
    const led = cluster.servers.get(leader);
    if (!led) throw new Error(`no server ${leader}`);
    await led.kill('SIGKILL');
    await publish('second');
    const [other] = [...cluster.servers.values()].filter((server) => server !== led);
    await other?.kill('SIGKILL');
    await Promise.all([led.restart(), other?.restart()]);
    expect(await cluster.healthy(30_000)).toBe(true);
    await publish('third');
    expect((await manager.streams.info('KEPT')).state.messages).toBe(3);
    await nc.close();
  });
});
