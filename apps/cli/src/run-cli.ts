import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { failureOf } from './failures.ts';
import { createProgram } from './program.ts';
import type { Surroundings } from './surroundings.ts';

/** One command line, from its words to its exit code. */
export const runCli = async (words: readonly string[], around: Surroundings): Promise<ExitCode> => {
  let url = '';
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram({
    ...around,
    onExitCode: (code) => {
      exitCode = code;
    },
    onConnection: (found) => {
      url = found;
    },
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said it already; help that was asked for is no fault.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const options = program.opts<{ json?: boolean }>();
    const failure = failureOf(error, url);
    if (options.json) around.stdout.write(`${JSON.stringify(failure.json)}\n`);
    for (const line of failure.lines) around.stderr.write(`${line}\n`);
    return failure.exitCode;
  }
};
