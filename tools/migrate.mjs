#!/usr/bin/env node
// Brings the tables of every service up to date in the database that DATABASE_URL names. Needs `npm run build`.
import { SERVICES } from '../libs/contracts/dist/index.js';
import { migrate } from '../libs/local-system/dist/index.js';
import { say } from './terminal.mjs';

const databaseUrl = process.env.DATABASE_URL;
if (databaseUrl === undefined) {
  say('DATABASE_URL is not set');
  process.exit(1);
}
for (const service of SERVICES) {
  await migrate({ service, databaseUrl });
  say(`tables of ${service} are up to date`);
}
