import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';

export async function fuzz(args) {
  await setUp({ servers: false });
  return runShown(process.execPath, [inCheckout('fuzz', 'dist', 'main.js'), ...args]);
}

/** Against the whole system, which it starts by itself. */
export async function fuzzSurface(args) {
  await setUp();
  return runShown(process.execPath, [inCheckout('fuzz', 'dist', 'surface', 'main.js'), ...args]);
}
