import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly logFile: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What asks this program to end in good order. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One operating-system process that this process started, with its output in a file. */
export interface Launched {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  exit(): Exit | undefined;
  /** What it wrote since this launch. */
  output(): string;
  /** Sends the signal; for SIGKILL also waits until the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Asks it to end, waits at most `graceMs`, then kills. */
  stop(graceMs?: number): Promise<void>;
}

/** Longer than any program of ours takes before it gives up by itself. */
const STOP_GRACE_MS = 25_000;
const OUTPUT_BYTES_MAX = 256 * 1024;
const running = new Set<ChildProcess>();

// Children lead their own process groups (Ctrl-C reaches only us, so that we can stop them in order): none may stay behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function launch(spec: Launch): Promise<Launched> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, 'a');
  const logStart = statSync(spec.logFile).size;
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    uid: spec.uid,
    gid: spec.gid,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      exit = { code, signal };
      resolve(exit);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`cannot start ${spec.name} (${spec.command}): ${error.message}`)));
  });
  running.add(child);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${spec.name} has no process id`);
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    if (signal === 'SIGKILL') await exited;
  };
  return {
    name: spec.name,
    pid,
    logFile: spec.logFile,
    exited,
    exit: () => exit,
    output: () => readFileSync(spec.logFile).subarray(logStart).subarray(-OUTPUT_BYTES_MAX).toString('utf8'),
    kill,
    stop: async (graceMs = STOP_GRACE_MS) => {
      if (exit !== undefined) return;
      child.kill(spec.stopSignal ?? 'SIGTERM');
      if (!(await within(exited, graceMs))) await kill('SIGKILL');
    },
  };
}

/** True when the promise settled in time. */
export async function within(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

const READY_POLL_MS = 40;

/** Polls until `probe` is true; throws with the end of the log when the process dies before or the time is up. */
export async function waitUntilReady(
  launched: Launched,
  probe: () => Promise<boolean>,
  { timeoutMs }: { timeoutMs: number },
): Promise<void> {
  const endsAt = Date.now() + timeoutMs;
  while (Date.now() < endsAt) {
    if (launched.exit() !== undefined) throw unexpectedExit(launched);
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  await launched.stop(1_000);
  throw new ProcessFailed(launched, `${launched.name} was not ready within ${timeoutMs / 1000} s`);
}

export function unexpectedExit(launched: Launched): ProcessFailed {
  const exit = launched.exit();
  return new ProcessFailed(
    launched,
    `${launched.name} ended unexpectedly (${exit?.signal ?? `exit code ${exit?.code}`})`,
  );
}

const TAIL_LINES = 15;
export const tailOf = (text: string): string => text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');

/** A child process that did not come up or went away: the message holds the end of its log. */
export class ProcessFailed extends Error {
  override readonly name = 'ProcessFailed';
  readonly output: string;
  constructor(launched: Launched, what: string) {
    const output = launched.output();
    super(`${what}\n--- end of ${launched.logFile} ---\n${tailOf(output)}`);
    this.output = output;
  }
}
