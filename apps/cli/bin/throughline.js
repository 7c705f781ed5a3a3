#!/usr/bin/env node
// Plain JavaScript and always there, so that npm can link it before anything is built.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error('throughline is not built yet: run `npm run build` (or `npm start`) in the checkout first');
  process.exitCode = 2;
}
