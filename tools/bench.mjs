import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';

/** Its own servers on free ports, whatever else runs here; stdout belongs to the report. */
export async function bench(args) {
  await setUp();
  return runShown(process.execPath, [inCheckout('bench', 'dist', 'main.js'), ...args]);
}
