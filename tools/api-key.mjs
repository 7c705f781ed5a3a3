#!/usr/bin/env node
// Makes the local API key and the key for task tokens where there are none, for systems that `npm start` did not bring up. Needs `npm run build`.
import { stateHome } from './checkout.mjs';
import { localKey, taskTokenKeyFile } from '../libs/local-system/dist/index.js';

const frontUrl = process.argv[2] ?? 'http://127.0.0.1:7400';
const { key, apiKeysFile, localKeyFile } = localKey(stateHome(), frontUrl);
console.log(`${key}\nhashed in ${apiKeysFile}, in plain in ${localKeyFile}`);
console.log(`task tokens are signed with the key in ${taskTokenKeyFile(stateHome())}`);
