import { launch, type ProcessFailed, unexpectedExit, waitUntilReady, type Launched } from './child-process.ts';
import { checkBuilt, type Program } from './programs.ts';

export interface RunningService {
  readonly pid: number;
  readonly url: string;
  readonly logFile: string;
  /** SIGKILL returns when the process is gone; it stays away until `restart`. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it if need be, starts it again and waits until it is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServiceStart {
  readonly program: Program;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly onUnexpectedExit?: (failure: ProcessFailed) => void;
}

const READY_TIMEOUT_MS = 60_000;

export async function startService(start: ServiceStart): Promise<RunningService> {
  const { program, logFile } = start;
  checkBuilt(program);
  /** Exits of processes that were told to end are nobody's surprise. */
  const toldToEnd = new WeakSet<Launched>();
  const up = async (): Promise<Launched> => {
    const launched = await launchProgram(start);
    void launched.exited.then(() => {
      if (!toldToEnd.has(launched)) start.onUnexpectedExit?.(unexpectedExit(launched));
    });
    return launched;
  };
  let launched = await up();
  const stop = async (): Promise<void> => {
    toldToEnd.add(launched);
    await launched.stop();
  };
  return {
    get pid() {
      return launched.pid;
    },
    url: new URL(program.readyUrl).origin,
    logFile,
    kill: async (signal) => {
      toldToEnd.add(launched);
      await launched.kill(signal);
    },
    restart: async () => {
      await stop();
      launched = await up();
    },
    stop,
  };
}

async function launchProgram({ program, env, logFile }: ServiceStart): Promise<Launched> {
  const launched = await launch({
    name: program.name,
    command: process.execPath,
    args: [...program.nodeArgs, program.entry],
    env: { ...env, ...program.env },
    logFile,
  });
  await waitUntilReady(launched, () => isReady(program.readyUrl), { timeoutMs: READY_TIMEOUT_MS });
  return launched;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
