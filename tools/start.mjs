import { existsSync } from 'node:fs';
import { inCheckout, stateHome } from './checkout.mjs';
import { setUp } from './setup.mjs';
import { say, step } from './terminal.mjs';

const EXAMPLE = ['examples', 'order-fulfilment', 'dist'];

/** `npm start`: the whole system and the example's three orders; `--once` ends after them. */
export async function start(args) {
  const once = args.includes('--once');
  const unknown = args.filter((arg) => arg !== '--once');
  if (unknown.length > 0) throw new Error(`npm start knows only -- --once, not ${unknown.join(' ')}`);
  await setUp();
  const interrupted = untilInterrupted();
  const system = await step('starting the system', () => bringUp());
  try {
    const exitCode = await Promise.race([runExample(system), interrupted.then(() => (once ? 130 : 0))]);
    printAddresses(system);
    if (once) return exitCode;
    say('\nRunning. Ctrl-C stops everything; the data stay for the next start.');
    await interrupted;
    return exitCode;
  } finally {
    await step('stopping', () => system.stop());
  }
}

async function bringUp() {
  const { startSystem } = await import('../libs/local-system/dist/index.js');
  const handlers = inCheckout(...EXAMPLE, 'handlers.js');
  return startSystem({
    home: stateHome(),
    examples: true,
    handlers: existsSync(handlers) ? [handlers] : [],
    natsUrl: process.env.NATS_URL || undefined,
    databaseUrl: process.env.DATABASE_URL || undefined,
    onUnexpectedExit: (failure) => say(`\n✗ ${failure.message}`),
  });
}

/** The example prints its own progress and results. */
async function runExample(system) {
  const { runOrders } = await import('../examples/order-fulfilment/dist/run-orders.js');
  const { frontUrl, apiKey, exampleUrls } = system;
  const { inventory: inventoryUrl, payment: paymentUrl, shipping: shippingUrl } = exampleUrls;
  const where = { frontUrl, apiKey, inventoryUrl, paymentUrl, shippingUrl };
  const { ok, reasons } = await runOrders(where, (line) => process.stdout.write(`${line}\n`));
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
