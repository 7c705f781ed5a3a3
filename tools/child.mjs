import { spawn } from 'node:child_process';
import { CHECKOUT } from './checkout.mjs';

const OUTPUT_CHARS_MAX = 1_000_000;
const TAIL_LINES = 40;

/** A program that exited with another code than 0; the message holds the end of what it wrote. */
export class CommandFailed extends Error {
  constructor(title, code, output) {
    super(`${title} failed (exit code ${code}):\n${output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')}`);
    this.output = output;
  }
}

/** Runs a program of this checkout quietly; throws with its output when it fails. */
export async function run(title, command, args, { env = {}, cwd = CHECKOUT } = {}) {
  const { code, output } = await exec(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  if (code !== 0) throw new CommandFailed(title, code, output);
  return output;
}

/** Runs a program with this terminal as its own; returns its exit code. */
export async function runShown(command, args, { env = {}, cwd = CHECKOUT, stdio = 'inherit' } = {}) {
  return (await exec(command, args, { env, cwd, stdio })).code;
}

function exec(command, args, { env, cwd, stdio }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio });
    let output = '';
    const collect = (chunk) => (output = (output + chunk).slice(-OUTPUT_CHARS_MAX));
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? 128, signal, output }));
  });
}
