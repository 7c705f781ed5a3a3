import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** [fact, path, text, the rule that must say so]: each text is harmless somewhere else in the repository. */
const REFUSED: readonly [string, string, string, string][] = [
  [
    'contracts imports no other package of ours',
    'libs/contracts/src/planted.ts',
    `import '@throughline/asl';`,
    'IMPORTS',
  ],
  ['asl does not import execution', 'libs/asl/src/planted.ts', `import '@throughline/execution';`, 'IMPORTS'],
  ['execution does not import history', 'libs/execution/src/planted.ts', `import '@throughline/history';`, 'IMPORTS'],
  [
    'event-log does not import service-host',
    'libs/event-log/src/planted.ts',
    `import '@throughline/service-host';`,
    'IMPORTS',
  ],
  [
    'projections does not import service-host',
    'libs/projections/src/planted.ts',
    `import '@throughline/service-host';`,
    'IMPORTS',
  ],
  [
    'an app does not import another app',
    'apps/orchestrator/src/planted.ts',
    `import '@throughline/step-worker';`,
    'IMPORTS',
  ],
  [
    'an app does not import test servers',
    'apps/orchestrator/src/planted.ts',
    `import '@throughline/testkit';`,
    'IMPORTS',
  ],
  [
    'no package reaches into another by path',
    'libs/asl/src/planted.ts',
    `import '../../contracts/src/ids.ts';`,
    'import-x/no-relative-packages',
  ],
  ['a pure library does not import node:*', 'libs/history/src/planted.ts', `import 'node:fs';`, 'IMPORTS'],
  ['a pure library does not import fs', 'libs/history/src/planted.ts', `import 'fs';`, 'IMPORTS'],
  ['a pure library does not import Nest', 'libs/execution/src/planted.ts', `import '@nestjs/common';`, 'IMPORTS'],
  ['a pure library does not import NATS', 'libs/execution/src/planted.ts', `import '@nats-io/jetstream';`, 'IMPORTS'],
  ['a pure library does not import pg', 'libs/contracts/src/planted.ts', `import 'pg';`, 'IMPORTS'],
  [
    'a pure library does not import dynamically',
    'libs/asl/src/planted.ts',
    `await import('./x.ts');`,
    'no-restricted-syntax',
  ],
  [
    'a pure library does not read Date',
    'libs/asl/src/planted.ts',
    `export const x = Date.now();`,
    'no-restricted-globals',
  ],
  [
    'a pure library does not read process',
    'libs/asl/src/planted.ts',
    `export const x = process.env;`,
    'no-restricted-globals',
  ],
  [
    'a pure library does not use crypto',
    'libs/asl/src/planted.ts',
    `export const x = crypto.randomUUID();`,
    'no-restricted-globals',
  ],
  [
    'a pure library does not use performance',
    'libs/asl/src/planted.ts',
    `export const x = performance.now();`,
    'no-restricted-globals',
  ],
  ['a pure library sets no timer', 'libs/asl/src/planted.ts', `setTimeout(() => 0, 1);`, 'no-restricted-globals'],
  [
    'a pure library draws no random number',
    'libs/asl/src/planted.ts',
    `export const x = Math.random();`,
    'no-restricted-properties',
  ],
  [
    'an app speaks no SQL outside its read model',
    'apps/orchestrator/src/http/planted.ts',
    `import pg from 'pg'; pg;`,
    'IMPORTS',
  ],
  [
    'a library speaks no SQL',
    'libs/client/src/planted.ts',
    `import { PrismaPg } from '@prisma/adapter-pg'; PrismaPg;`,
    'IMPORTS',
  ],
  [
    'the generated client stays in the read model',
    'apps/orchestrator/src/http/planted.ts',
    `import { PrismaClient } from '../read-model/generated/client.ts'; PrismaClient;`,
    'IMPORTS',
  ],
  [
    'no route without its contract',
    'apps/orchestrator/src/http/planted.ts',
    `import { Get } from '@nestjs/common'; Get;`,
    'IMPORTS',
  ],
  [
    'no route without its contract in a read model either',
    'apps/orchestrator/src/read-model/planted.ts',
    `import { Post } from '@nestjs/common'; Post;`,
    'IMPORTS',
  ],
  [
    'files do not import each other in a circle',
    'libs/contracts/src/ids.ts',
    `import './subjects.ts';`,
    'import-x/no-cycle',
  ],
  ['no file is called utils', 'libs/asl/src/utils.ts', `export {};`, 'throughline/file-names'],
  ['no folder is called shared', 'apps/front/src/shared/x.ts', `export {};`, 'throughline/file-names'],
  ['no file ends in -helpers', 'apps/front/src/date-helpers.ts', `export {};`, 'throughline/file-names'],
  ['files are named in kebab-case', 'apps/front/src/camelCase.ts', `export {};`, 'throughline/file-names'],
  ['no test is skipped', 'libs/asl/src/planted.spec.ts', `test.skip('x', () => {});`, 'no-restricted-syntax'],
  ['no test runs alone', 'libs/asl/src/planted.spec.ts', `describe.only('x', () => {});`, 'no-restricted-syntax'],
  ['no any', 'libs/asl/src/planted.ts', `export const x: any = 1;`, '@typescript-eslint/no-explicit-any'],
];

/** Counterparts, so that the rules do not just refuse everything. */
const ALLOWED: readonly [string, string, string][] = [
  ['execution imports asl', 'libs/execution/src/planted.ts', `import '@throughline/asl';`],
  ['a spec of a pure library reads files', 'libs/history/src/planted.spec.ts', `import 'node:fs';`],
  ['an adapter imports NATS', 'libs/event-log/src/planted.ts', `import '@nats-io/jetstream';`],
  ['a read model speaks SQL', 'apps/orchestrator/src/read-model/planted.ts', `import pg from 'pg'; pg;`],
  [
    'a read model imports its generated client',
    'apps/orchestrator/src/read-model/planted.ts',
    `import './generated/client.ts';`,
  ],
  [
    'a spec of a service starts real servers',
    'apps/orchestrator/src/planted.int.spec.ts',
    `import '@throughline/testkit';`,
  ],
];

const IMPORTS = '@typescript-eslint/no-restricted-imports';
let found: string[][];

beforeAll(() => {
  const planted = [...REFUSED, ...ALLOWED].map(([, path, text]) => ({ path, text }));
  const linted = spawnSync(process.execPath, [join('tools', 'lint', 'lint-planted.mjs')], {
    input: JSON.stringify(planted),
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (linted.status !== 0) throw new Error(linted.stderr);
  found = JSON.parse(linted.stdout) as string[][];
}, 60_000);

describe('lint refuses what the architecture forbids', () => {
  test.each(REFUSED.map(([fact, , , rule], index) => ({ fact, rule, index })))('$fact', ({ rule, index }) => {
    expect(found[index]).toContain(rule === 'IMPORTS' ? IMPORTS : rule);
  });
});

describe('and allows what it asks for', () => {
  test.each(ALLOWED.map(([fact], index) => ({ fact, index })))('$fact', ({ index }) => {
    expect(found[REFUSED.length + index]?.filter((rule) => rule === IMPORTS)).toEqual([]);
  });
});
