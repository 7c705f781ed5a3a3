import { runShown } from './child.mjs';
import { inCheckout } from './checkout.mjs';
import { setUp } from './setup.mjs';

export async function fuzz(args) {
  await setUp({ servers: false });
  return runShown(process.execPath, [inCheckout('fuzz', 'dist', 'main.js'), ...args]);
}
