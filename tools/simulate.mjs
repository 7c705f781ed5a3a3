import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';

/** Every thread has work of its own: none needs help with its garbage, and what is young is nearly all of it. */
export const simulation = [
  '--single-threaded-gc',
  '--max-semi-space-size=32',
  inCheckout('simulation', 'dist', 'main.js'),
];

export async function simulate(args) {
  await setUp({ servers: false });
  const env = { ...process.env, THROUGHLINE_HOME: process.env.THROUGHLINE_HOME ?? inCheckout('.throughline') };
  return runShown(process.execPath, [...simulation, ...args], { env });
}
