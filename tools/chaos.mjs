import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';

/** Systems of its own on free ports, whatever else runs here; stdout belongs to the report. */
export async function chaos(args) {
  await setUp();
  return runShown(process.execPath, [inCheckout('chaos', 'dist', 'main.js'), ...args]);
}
