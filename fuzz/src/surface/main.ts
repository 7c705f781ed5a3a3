import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { checkSystem, promiseLines } from '@throughline/testkit/checker';
import { Chance } from '../chance.ts';
import { httpInput } from './http-inputs.ts';
import { judged } from './judge-answer.ts';
import { natsInput } from './nats-inputs.ts';
import { ODD_TEXTS } from './odd-bytes.ts';
import { Sampler } from './sample-json.ts';
import { HttpSender } from './send-http.ts';
import { SystemUnderFuzz } from './system-under-fuzz.ts';

const USAGE = `usage: npm run fuzz:surface -- [--count N] [--seed S] [--from K] [--json FILE]
  --count N   how many inputs (20,000 unless told)
  --seed S    the inputs are a function of it and of their number (drawn and printed unless told)
  --from K    begin with input K: goes on where another run ended
  --json FILE write the figures there`;
const AT_ONCE = 48;
const PROGRESS_EVERY = 10_000;
const SHOWN_MAX = 30;
const EXIT_STOPPED = 130;
/** What forged tasks, timers and commands of the engine's own origin cannot change, whatever they say. */
const HELD = new Set([
  'chain',
  'tenant',
  'decides',
  'commands-once',
  'transitions',
  'one-end',
  'results',
  'counted-once',
  'timers',
  'rows',
  'lag',
  'audit',
]);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Figures {
  readonly seed: number;
  http: number;
  nats: number;
  /** By outcome of HTTP, and by family of NATS. */
  readonly outcomes: Record<string, number>;
  readonly families: Record<string, number>;
  problems: number;
  crashes: number;
  serverErrors: number;
  untyped: number;
  leftInQueues: number;
  violations: number;
  seconds: number;
}

/** Texts that patterns of ids, names, hashes and times take. */
const TEXTS: readonly [string, ...string[]] = [
  'fz-0',
  ...Array.from({ length: 40 }, (_, i) => `fz-${i + 1}`), 'order', 'waits', 'works', 'asks', 'locks', 'approve', 'pump', 'nightly', 'default',
  'globex', 'http', 'fuzz', 'work', '1.1', '1.2', '1.3', '2.0', '2.1', '1-1', '1-2', '2-0', '0', '0.1', 'f'.repeat(64), '0123456789abcdef'.repeat(4),
  '2026-01-31T12:00:00.000Z', '2099-01-01T00:00:00.000Z', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '_INBOX.abc.def', '/input',
  '/a/b', '$.order', 'label=value', 'name=value', 'States.ALL', 'Busy', 'Pass', 'Work', 'Wait', '*/5 * * * *', 'Europe/Zurich', 'TL0101',
  '1-0123456789ab', 'approved', 'secret://hook', 'http://127.0.0.1:1/x', 'orders.done', 'results/{executionId}.json', 'a'.repeat(43), 'x', '1', '7',
  '100', 'silver', 'TL_TASKS', 'tl.task.default.normal.default',
]; // prettier-ignore

class Run {
  readonly figures: Figures;
  readonly #fuzzed: SystemUnderFuzz;
  readonly #sampler = new Sampler({ texts: [...TEXTS, ...ODD_TEXTS.slice(0, 20)] as unknown as typeof TEXTS }); // not empty
  readonly #http = new HttpSender();

  constructor(fuzzed: SystemUnderFuzz, seed: number) {
    this.#fuzzed = fuzzed;
    this.figures = {
      seed, http: 0, nats: 0, outcomes: {}, families: {}, problems: 0, crashes: 0, serverErrors: 0, untyped: 0, leftInQueues: 0, violations: 0, seconds: 0,
    }; // prettier-ignore
  }

  async inputs(from: number, count: number): Promise<void> {
    let next = from;
    const worker = async (): Promise<void> => {
      while (next < from + count) {
        const number = next;
        next += 1;
        await this.#input(number);
        if ((number - from + 1) % PROGRESS_EVERY === 0) process.stderr.write(`${number - from + 1} of ${count}\n`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await this.#fuzzed.nc.flush();
    this.#http.close();
  }

  found(what: string): void {
    this.figures.problems += 1;
    if (this.figures.problems <= SHOWN_MAX) say(`✗ ${what}`);
  }

  async #input(number: number): Promise<void> {
    const chance = new Chance(this.figures.seed, number);
    if (chance.oneIn(2)) return this.#httpInput(number, chance);
    const { family, subject, headers: pairs, bytes } = natsInput(this.#sampler, chance);
    const headers = natsHeaders();
    for (const [name, value] of pairs) headers.append(name, value);
    this.figures.nats += 1;
    this.figures.families[family] = (this.figures.families[family] ?? 0) + 1;
    try {
      this.#fuzzed.nc.publish(subject, bytes, { headers, reply: `_INBOX.fuzz.${number}` });
    } catch {
      return; // the client itself refuses it: nothing was sent
    }
    if (number % 64 === 0) await this.#fuzzed.nc.flush();
  }

  async #httpInput(number: number, chance: Chance): Promise<void> {
    const { system } = this.#fuzzed;
    const input = httpInput(this.#sampler, system.apiKey, chance);
    const base = input.throughFront ? system.frontUrl : system.serviceUrls[input.route.service];
    const answer = await this.#http.send(base, input);
    this.figures.http += 1;
    const what = `input ${number}: ${input.method} ${input.target.slice(0, 300)}${input.throughFront ? ' (front)' : ''}`;
    if (typeof answer === 'string') {
      // The server may close on a body that is far too large before it was sent.
      const outcome = `no answer: ${answer}`;
      this.#count(outcome);
      if (answer !== 'ECONNRESET' && answer !== 'EPIPE') this.found(`${what}: ${outcome}`);
      return;
    }
    const { outcome, problem } = judged(answer, input.method);
    this.#count(outcome);
    if (answer.status >= 500 && problem !== undefined) this.figures.serverErrors += 1;
    else if (problem !== undefined) this.figures.untyped += 1;
    if (problem !== undefined) {
      const body = input.body ? Buffer.from(input.body).toString('latin1').slice(0, 300) : '';
      this.found(`${what}: ${problem}\n    ${body}\n    ${Buffer.from(answer.bytes).toString().slice(0, 400)}`);
    }
  }

  #count(outcome: string): void {
    this.figures.outcomes[outcome] = (this.figures.outcomes[outcome] ?? 0) + 1;
  }
}

/** What the system has to be once all of it is over. */
const afterwards = async (fuzzed: SystemUnderFuzz, run: Run): Promise<void> => {
  const { figures } = run;
  const left = await fuzzed.leftInQueues();
  figures.leftInQueues = left.length;
  if (left.length > 0)
    run.found(`${left.length} messages are left in queues that somebody serves: ${left.slice(0, 10).join(', ')}`);
  for (const crash of fuzzed.crashes) run.found(`a process has ended: ${crash}`);
  figures.crashes = fuzzed.crashes.length;
  for (const service of await fuzzed.notReady()) run.found(`not ready: ${service}`);
  const { natsUrl, databaseUrl, apiKey, serviceUrls } = fuzzed.system;
  const report = await checkSystem({ natsUrl, databaseUrl, apiKey, serviceUrls, livenessMs: 0, lagMs: 60_000 });
  const held = { ...report, promises: report.promises.filter(({ promise }) => HELD.has(promise)) };
  promiseLines(held).forEach(say);
  figures.violations = held.promises.reduce((sum, { violations }) => sum + violations, 0);
  if (figures.violations > 0) run.found(`${figures.violations} violations`);
};

const wholeNumber = (text: string | undefined, preset: number): number => {
  const number = text === undefined ? preset : Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(USAGE);
  return number;
};

const main = async (): Promise<number> => {
  const option = { type: 'string' } as const;
  const { values } = parseArgs({ options: { count: option, seed: option, from: option, json: option } });
  const count = wholeNumber(values.count, 20_000);
  const seed = wholeNumber(values.seed, Math.floor(Math.random() * 2 ** 31));
  const from = wholeNumber(values.from, 0);
  say(`seed ${seed}, ${count} inputs from ${from}`);
  const fuzzed = await SystemUnderFuzz.start();
  // Whatever ends this run ends the system that it has started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void fuzzed.stop().finally(() => process.exit(EXIT_STOPPED)));
  }
  const run = new Run(fuzzed, seed);
  try {
    const startedMs = performance.now();
    await run.inputs(from, count);
    run.figures.seconds = Math.round((performance.now() - startedMs) / 1_000);
    await afterwards(fuzzed, run);
  } finally {
    await fuzzed.stop();
  }
  const { figures } = run;
  const sorted = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, times]) => `${name} ${times}`)
      .join(', ');
  say(`HTTP ${figures.http}: ${sorted(figures.outcomes)}`);
  say(`NATS ${figures.nats}: ${sorted(figures.families)}`);
  say(
    `${figures.http + figures.nats} inputs in ${figures.seconds} s (seed ${seed}): ${figures.crashes} crashes, ${figures.serverErrors} answers of 500 and above, ${figures.untyped} refusals without a type, ${figures.leftInQueues} messages left, ${figures.violations} violations; ${figures.problems} findings`,
  );
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  return figures.problems === 0 ? 0 : 1;
};

process.exitCode = await main();
