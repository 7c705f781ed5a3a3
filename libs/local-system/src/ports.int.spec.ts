import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, portBaseOf, portsFrom, takenPorts } from './ports.ts';
import { startSystem } from './system.ts';

const occupy = (): Promise<{ server: Server; port: number }> =>
  new Promise((resolve) => {
    const server = createServer().listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      resolve({ server, port: address.port });
    });
  });

test('a taken port is named with what it is for, who has it and how to go around it', async () => {
  const { server, port } = await occupy();
  const said = await takenPorts([{ port, name: 'front' }]);
  server.close();
  expect(said).toContain(`${port} (for front) is in use by process ${process.pid} (`);
  expect(said).toContain('THROUGHLINE_PORT_BASE=');
});

test('a system whose port is taken starts nothing', async () => {
  const { server, port } = await occupy();
  const home = mkdtempSync(join(tmpdir(), 'throughline-taken-'));
  const lines: string[] = [];
  const start = startSystem({ home, portBase: port, onProgress: (line) => lines.push(line) });
  await expect(start).rejects.toThrow(`${port} (for front) is in use`);
  expect(lines).toEqual([]);
  server.close();
  rmSync(home, { recursive: true });
});

test('free ports are all different', async () => {
  const { front, nats, natsMonitor, postgres, services, examples } = await freePorts();
  const all = [front, nats, natsMonitor, postgres, ...Object.values(services), ...Object.values(examples)];
  expect(new Set(all).size).toBe(all.length);
  expect(await takenPorts(all.map((port) => ({ port, name: 'x' })))).toBeUndefined();
});

test('several instances of a service have ports of their own, and all ports stay apart', async () => {
  const counts = { orchestrator: 7, 'step-worker': 2 };
  for (const ports of [portsFrom(7400, counts), await freePorts(counts)]) {
    const { front, nats, natsMonitor, postgres, services, instances, examples } = ports;
    const inUse = [...Object.values(instances).flat(), front, nats, natsMonitor, postgres, ...Object.values(examples)];
    expect(new Set(inUse).size).toBe(7 + 2 + 3 + 4 + new Set(Object.values(examples)).size);
    expect(Object.entries(services)).toEqual(Object.entries(instances).map(([name, [first]]) => [name, first]));
  }
  expect(() => portsFrom(7400, { orchestrator: 8 })).toThrow('1 to 7 instances');
});

test('THROUGHLINE_PORT_BASE shifts every port, and nonsense in it is refused', () => {
  expect(portsFrom(portBaseOf({}))).toMatchObject({ front: 7400, nats: 7422, postgres: 7432 });
  expect(portsFrom(portBaseOf({ THROUGHLINE_PORT_BASE: '8400' })).services['telemetry-ingestor']).toBe(8405);
  for (const text of ['80', 'x', '65535', '8400.5']) {
    expect(() => portBaseOf({ THROUGHLINE_PORT_BASE: text })).toThrow(/must be a whole number/);
  }
});
