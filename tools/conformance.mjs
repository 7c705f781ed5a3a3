import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';

/** Its own servers on free ports, whatever else runs here; stdout belongs to the report. */
export async function conformance(args) {
  await setUp({ servers: !args.includes('--pure') });
  return runShown(process.execPath, [inCheckout('conformance', 'dist', 'main.js'), ...args]);
}
