import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A real, fsyncing nats-server for this library's own specs; everybody else takes libs/testkit, which depends on this library. */
export interface SpecServer {
  readonly url: string;
  readonly monitorUrl: string;
  /** kill -9: what a crash leaves. */
  kill(): Promise<void>;
  /** Starts again on the same port and the same files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const REPOSITORY = resolve(fileURLToPath(new URL('.', import.meta.url)), '../../../..');

const serverBinary = (): string => {
  const home = process.env['THROUGHLINE_HOME'] ?? join(REPOSITORY, '.throughline');
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  const candidates = [process.env['THROUGHLINE_NATS_SERVER'], join(home, 'bin', 'nats-server'), ...onPath];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (!found) throw new Error('no nats-server: run `npm test`, which gets one, or set THROUGHLINE_NATS_SERVER');
  return found;
};

interface Running {
  readonly pid: number;
  readonly exited: Promise<void>;
  signal(name: 'SIGKILL' | 'SIGTERM'): void;
}

const launch = (config: string): Running => {
  const child = spawn(serverBinary(), ['-c', config], { stdio: 'ignore' });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  return { pid: child.pid ?? 0, exited, signal: (name) => void child.kill(name) };
};

/** The server writes its chosen ports beside its configuration once it listens. */
const portsOf = async (folder: string, pid: number): Promise<{ nats: string; monitor: string }> => {
  const file = join(folder, `nats-server_${pid}.ports`);
  for (let tries = 0; tries < 200; tries += 1) {
    if (existsSync(file)) {
      const text = readFileSync(file, 'utf8');
      if (text.trim().endsWith('}')) {
        const ports = JSON.parse(text) as { nats: [string]; monitoring: [string] };
        return { nats: ports.nats[0], monitor: ports.monitoring[0] };
      }
    }
    await new Promise((wake) => setTimeout(wake, 25));
  }
  throw new Error('nats-server did not start within 5 s');
};

const configText = (folder: string, port: string, monitorPort: string, syncInterval: string): string => `
server_name: spec
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
ports_file_dir: "${folder}"
max_payload: 4MB
jetstream { store_dir: "${folder}/store", sync_interval: ${syncInterval}, max_file_store: 16GB, max_memory_store: 64MB }
`;

export const startSpecServer = async (options: { readonly syncInterval?: string } = {}): Promise<SpecServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'tl-nats-'));
  const syncInterval = options.syncInterval ?? 'always';
  const config = join(folder, 'nats.conf');
  writeFileSync(config, configText(folder, '-1', '-1', syncInterval));
  let running = launch(config);
  const { nats, monitor } = await portsOf(folder, running.pid);
  // From now on fixed, so that clients find a restarted server where it was.
  writeFileSync(config, configText(folder, new URL(nats).port, new URL(monitor).port, syncInterval));
  const end = async (name: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    running.signal(name);
    await running.exited;
  };
  return {
    url: nats,
    monitorUrl: monitor,
    kill: () => end('SIGKILL'),
    restart: async () => {
      running = launch(config);
      await portsOf(folder, running.pid);
    },
    stop: async () => {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
