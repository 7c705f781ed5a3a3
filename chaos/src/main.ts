import { cpus, totalmem } from 'node:os';
import { parseArguments, USAGE, type Arguments } from './arguments.ts';
import { holds, type Report, table, type TopologyReport } from './report.ts';
import { runTopology } from './run-topology.ts';

/** Progress never goes to stdout: with --json nothing but the report may stand there. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const INTERRUPTED = 130;

/** Aborted by Ctrl-C or SIGTERM; by a second one this process ends at once, and what it has started is killed with it. */
const interruption = (): AbortSignal => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(INTERRUPTED);
      say('\nstopping: everything that was started ends first');
      stop.abort();
    });
  return stop.signal;
};

const chaos = async (given: Arguments, signal: AbortSignal): Promise<Report> => {
  const minutes = given.minutes / given.topologies.length;
  const topologies: TopologyReport[] = [];
  for (const topology of given.topologies)
    topologies.push(await runTopology({ ...given, minutes, topology, say, signal }));
  return { seed: given.seed, machine: machine(), topologies };
};

const machine = (): Report['machine'] => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
});

const given = parseArguments(process.argv.slice(2));
if (!given) {
  say(USAGE);
  process.exitCode = 2;
} else {
  say(`chaos with seed ${given.seed}: ${given.minutes} minutes over ${given.topologies.join(' and ')}`);
  const signal = interruption();
  try {
    const report = await chaos(given, signal);
    process.stdout.write(`${given.json ? JSON.stringify(report) : table(report)}\n`);
    process.exitCode = holds(report) ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  }
  // Sockets that faults have left half open must not keep it.
  process.exit();
}
