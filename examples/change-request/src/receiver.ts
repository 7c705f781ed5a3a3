import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listen } from '@throughline/example-kit';
import { resultReceiver } from './services/result-receiver.ts';

/** The same file that the worker signs with: `secret://change-receiver`. */
const secretFile = join(process.env['THROUGHLINE_SECRETS_DIR'] || 'secrets', 'change-receiver');

await listen('receiver', resultReceiver(readFileSync(secretFile, 'utf8')), 52);
