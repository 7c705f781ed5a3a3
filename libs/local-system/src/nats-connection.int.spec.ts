import { connectNats } from '@throughline/event-log/jetstream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats } from './nats-server.ts';

test('a connection to a server that hangs goes over to another one within seconds', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'throughline-hangs-'));
  const servers = await Promise.all(['a', 'b'].map((name) => startNats({ dir: join(dir, name) })));
  const nc = await connectNats({ url: servers.map(({ url }) => url).join(','), name: 'spec' });
  const hung = servers.find(({ url }) => url.endsWith(nc.getServer().split(':').at(-1) ?? '?'));
  const reconnected = (async () => {
    for await (const { type } of nc.status()) if (type === 'reconnect') return;
  })();
  await hung?.kill('SIGSTOP');
  await reconnected;
  expect(hung?.url).not.toContain(nc.getServer());
  await nc.flush();
  await nc.close();
  await hung?.kill('SIGCONT');
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(dir, { recursive: true, force: true });
});
