import { SERVICES, type ServiceName } from '@throughline/contracts';
import { startSystem, type RunningSystem, type SystemOptions } from '@throughline/local-system';
import type { SystemToCheck } from './checker/system/check-system.ts';
import { CheckpointWatch } from './checker/system/checkpoint-watch.ts';
import { checkLine, checkSystem, expectNoViolation } from './checker/index.ts';
import { tempDir } from './temp-dir.ts';

export interface TestSystem extends RunningSystem {
  readonly home: string;
  /** Proves what is promised of the system, stops every process and removes the data. Fails where anything is violated. */
  remove(known?: KnownOfSystem): Promise<void>;
}

/** What the test knows, and the system does not. */
export type KnownOfSystem = Pick<SystemToCheck, 'acknowledged' | 'effects'>;

/** What is under way at the end of a test has so long to come to rest; where nothing is, nothing is waited for. */
const REST_MS = 30_000;

/** The whole system as real processes on free ports, in a folder of its own. */
export async function startTestSystem(options: Partial<SystemOptions> = {}): Promise<TestSystem> {
  const dir = tempDir('throughline-system');
  const home = options.home ?? dir.path;
  try {
    const system = await startSystem({ portBase: 'free', durablePostgres: false, ...options, home });
    const checkpoints = new CheckpointWatch(system.databaseUrl);
    const serviceUrls = urlsOf(system, options.services ?? SERVICES);
    const remove = async (known: KnownOfSystem = {}): Promise<void> => {
      const { natsUrl, databaseUrl, apiKey } = system;
      const bounds = { livenessMs: REST_MS, lagMs: REST_MS };
      const checking = checkSystem({ natsUrl, databaseUrl, apiKey, serviceUrls, checkpoints, ...bounds, ...known });
      await Promise.allSettled([checking]);
      await checkpoints.stop();
      await system.stop();
      dir.remove();
      const report = await checking;
      process.stdout.write(`${checkLine(report)}\n`);
      expectNoViolation(report);
    };
    return { ...system, home, remove };
  } catch (error) {
    dir.remove();
    throw error;
  }
}

const urlsOf = (
  { serviceUrls }: RunningSystem,
  services: readonly ServiceName[],
): Readonly<Partial<Record<ServiceName, string>>> =>
  Object.fromEntries(services.map((service) => [service, serviceUrls[service]]));
