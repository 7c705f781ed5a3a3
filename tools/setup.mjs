import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { run } from './child.mjs';
import { inCheckout, stateHome } from './checkout.mjs';
import { generate } from './generate.mjs';
import { install } from './install.mjs';
import { natsServer } from './nats-server.mjs';
import { step } from './terminal.mjs';

const FREE_BYTES_MIN = 1024 ** 3;

/** Everything that a checkout needs before it runs; each part looks first whether it is there already. */
export async function setUp({ servers = true } = {}) {
  checkHome(stateHome());
  await install();
  await generate();
  await build();
  if (servers && process.env.NATS_URL === undefined) await natsServer();
}

/** The compiler itself knows what is up to date. */
export const build = () =>
  step('building', () =>
    run('the build', process.execPath, [inCheckout('node_modules', 'typescript', 'bin', 'tsc'), '-b']),
  );

function checkHome(home) {
  try {
    mkdirSync(home, { recursive: true });
    accessSync(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`${home}, where Throughline keeps its data, cannot be written: ${error.message}`);
  }
  const { bavail, bsize } = statfsSync(home);
  if (bavail * bsize < FREE_BYTES_MIN) {
    throw new Error(
      `No space left on device: ${home} needs 1 GiB free and has ${Math.floor((bavail * bsize) / 1024 ** 2)} MiB.`,
    );
  }
}
