import { stateHome } from './checkout.mjs';
import { parseStart, runExample, systemOf } from './examples.mjs';
import { setUp } from './setup.mjs';
import { say, step } from './terminal.mjs';

/** `npm start`: the whole system and an example; `--once` ends after it. */
export async function start(args) {
  const { once, example } = parseStart(args);
  await setUp();
  const interrupted = untilInterrupted();
  const system = await step('starting the system', () => bringUp(example));
  try {
    const exitCode = await Promise.race([run(example, system), interrupted.then(() => (once ? 130 : 0))]);
    printAddresses(system);
    if (once) return exitCode;
    say('\nRunning. Ctrl-C stops everything; the data stay for the next start.');
    await interrupted;
    return exitCode;
  } finally {
    await step('stopping', () => system.stop());
  }
}

async function bringUp(example) {
  const { startSystem } = await import('../libs/local-system/dist/index.js');
  return startSystem({
    home: stateHome(),
    ...systemOf(example),
    natsUrl: process.env.NATS_URL || undefined,
    databaseUrl: process.env.DATABASE_URL || undefined,
    onUnexpectedExit: (failure) => say(`\n✗ ${failure.message}`),
  });
}

/** The example prints its own progress and results. */
async function run(example, system) {
  const { ok, reasons } = await runExample(example, system, (line) => process.stdout.write(`${line}\n`));
  for (const reason of reasons) say(`✗ ${reason}`);
  return ok ? 0 : 1;
}

function printAddresses({ frontUrl, serviceUrls, natsUrl, apiKey, localKeyFile }) {
  const rows = [
    ['front', frontUrl],
    ...Object.entries(serviceUrls).map(([name, url]) => [`${name} API`, `${url}/docs`]),
    ['NATS', natsUrl],
    ['API key', `${apiKey} (also in ${localKeyFile}, where the CLI finds it)`],
    ['logs', `${stateHome()}/logs`],
  ];
  say('');
  for (const [name, value] of rows) say(`  ${name.padEnd(24)} ${value}`);
}

/** npm forwards a Ctrl-C that the terminal had sent us already: only a later one is a second one. */
const SAME_CTRL_C_MS = 1_000;

/** The first signal asks for an orderly end, a second one ends at once. */
function untilInterrupted() {
  let firstAt;
  return new Promise((resolve) => {
    const interrupt = () => {
      if (firstAt !== undefined && Date.now() - firstAt > SAME_CTRL_C_MS) process.exit(130);
      firstAt ??= Date.now();
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
  });
}
