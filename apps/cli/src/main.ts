import { CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { failureOf } from './failures.ts';
import { createProgram } from './program.ts';

// `throughline ls | head` closes our standard output early, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

let url = '';
const program = createProgram({
  env: process.env,
  workingDirectory: process.cwd(),
  stdout: process.stdout,
  onExitCode: (code) => {
    process.exitCode = code;
  },
  onConnection: (found) => {
    url = found;
  },
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already; help that was asked for is no fault.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    const options = program.opts<{ json?: boolean }>();
    const failure = failureOf(error, url);
    if (options.json) process.stdout.write(`${JSON.stringify(failure.json)}\n`);
    for (const line of failure.lines) process.stderr.write(`${line}\n`);
    process.exitCode = failure.exitCode;
  }
}
