import { startSystem, type RunningSystem, type SystemOptions } from '@throughline/local-system';
import { tempDir } from './temp-dir.ts';

export interface TestSystem extends RunningSystem {
  readonly home: string;
  /** Stops every process and removes the data. */
  remove(): Promise<void>;
}

/** The whole system as real processes on free ports, in a folder of its own. */
export async function startTestSystem(options: Partial<SystemOptions> = {}): Promise<TestSystem> {
  const dir = tempDir('throughline-system');
  const home = options.home ?? dir.path;
  try {
    const system = await startSystem({ portBase: 'free', durablePostgres: false, ...options, home });
    const remove = async (): Promise<void> => {
      await system.stop();
      dir.remove();
    };
    return { ...system, home, remove };
  } catch (error) {
    dir.remove();
    throw error;
  }
}
