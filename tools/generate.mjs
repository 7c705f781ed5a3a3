#!/usr/bin/env node
// Makes the Prisma client of every service from its schema; a client whose schema did not change is kept.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { run } from './child.mjs';
import { hasStamp, inCheckout, sha256, writeStamp } from './checkout.mjs';
import { step } from './terminal.mjs';

const AT_ONCE_MAX = 2;
const QUIET = { NO_COLOR: '1', CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };

export async function generate() {
  const stale = schemas().filter((schema) => !isFresh(schema));
  if (stale.length === 0) return;
  await step(`generating Prisma clients: ${stale.map(({ service }) => service).join(', ')}`, async () => {
    const queue = [...stale];
    const worker = async () => {
      for (let schema = queue.shift(); schema !== undefined; schema = queue.shift()) await generateOne(schema);
    };
    await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker));
  });
}

function schemas() {
  const prismaVersion = readFileSync(inCheckout('node_modules', 'prisma', 'package.json'));
  return readdirSync(inCheckout('prisma'))
    .map((service) => ({ service, file: inCheckout('prisma', service, 'schema.prisma') }))
    .filter(({ file }) => existsSync(file))
    .map(({ service, file }) => ({ service, hash: sha256(prismaVersion, readFileSync(file)) }));
}

const isFresh = ({ service, hash }) =>
  hasStamp(`client-${service}`, hash) &&
  existsSync(inCheckout('apps', service, 'src', 'read-model', 'generated', 'client.ts'));

async function generateOne({ service, hash }) {
  const prisma = inCheckout('node_modules', 'prisma', 'build', 'index.js');
  const env = { ...QUIET, THROUGHLINE_SERVICE: service };
  await run(`prisma generate (${service})`, process.execPath, [prisma, 'generate', '--no-hints'], { env });
  writeStamp(`client-${service}`, hash);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await generate().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
