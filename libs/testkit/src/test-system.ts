import {
  divergencesIn,
  replayAll,
  startSystem,
  type RunningSystem,
  type SystemOptions,
} from '@throughline/local-system';
import { tempDir } from './temp-dir.ts';

export interface TestSystem extends RunningSystem {
  readonly home: string;
  /** Stops every process and removes the data. Fails where anything on the log is not what its commands lead to. */
  remove(): Promise<void>;
}

/** The whole system as real processes on free ports, in a folder of its own. */
export async function startTestSystem(options: Partial<SystemOptions> = {}): Promise<TestSystem> {
  const dir = tempDir('throughline-system');
  const home = options.home ?? dir.path;
  try {
    const system = await startSystem({ portBase: 'free', durablePostgres: false, ...options, home });
    const remove = async (): Promise<void> => {
      const replayed = replayAll(system.natsUrl);
      await Promise.allSettled([replayed]);
      await system.stop();
      dir.remove();
      const { line, ...result } = await replayed;
      process.stdout.write(`${line}\n`);
      if (result.verdict === 'divergent') throw new Error([line, ...divergencesIn(result)].join('\n'));
    };
    return { ...system, home, remove };
  } catch (error) {
    dir.remove();
    throw error;
  }
}
