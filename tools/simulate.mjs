import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';

export async function simulate(args) {
  await setUp({ servers: false });
  const env = { ...process.env, THROUGHLINE_HOME: process.env.THROUGHLINE_HOME ?? inCheckout('.throughline') };
  return runShown(process.execPath, [inCheckout('simulation', 'dist', 'main.js'), ...args], { env });
}
