// Who may import whom (docs/architecture.md shows it as a picture). Each package names the workspace packages that it may
// use; what is not listed is refused. ESLint replaces a rule's options rather than adding to them, so everything that one
// folder must not import is put into one rule here.

const PURE = ['contracts', 'asl', 'execution', 'history'];
const SERVICE = [...PURE, 'event-log', 'projections', 'service-host'];
const DECIDING = [...SERVICE, 'engine'];

/** By folder. */
const MAY_IMPORT = {
  'libs/contracts': [],
  'libs/asl': ['contracts'],
  'libs/execution': ['contracts', 'asl'],
  'libs/history': ['contracts', 'asl', 'execution'],
  'libs/event-log': PURE,
  'libs/engine': [...PURE, 'event-log', 'projections'],
  'libs/projections': [...PURE, 'event-log'],
  'libs/service-host': [...PURE, 'event-log', 'projections'],
  'libs/client': ['contracts'],
  'libs/worker-sdk': ['contracts', 'event-log'],
  'libs/local-system': ['contracts', 'event-log', 'execution', 'history'],
  'libs/testkit': [...DECIDING, 'local-system', 'client'],
  'apps/orchestrator': DECIDING,
  'apps/step-worker': [...SERVICE, 'worker-sdk'],
  'apps/replay-service': SERVICE,
  'apps/audit-service': SERVICE,
  'apps/telemetry-ingestor': SERVICE,
  'apps/front': ['contracts'],
  'apps/cli': ['contracts', 'client', 'asl'],
  'examples/example-kit': ['contracts', 'client'],
  'examples/order-fulfilment': ['contracts', 'asl', 'client', 'worker-sdk', 'example-kit'],
  'examples/change-request': ['contracts', 'asl', 'client', 'worker-sdk', 'example-kit'],
  bench: ['contracts', 'asl', 'execution', 'event-log', 'local-system', 'testkit', 'worker-sdk', 'client'],
  chaos: ['contracts', 'execution', 'event-log', 'local-system', 'testkit', 'worker-sdk', 'client'],
  conformance: [...PURE, 'event-log', 'local-system', 'client'],
  fuzz: [...PURE, 'event-log', 'local-system', 'testkit', 'client'],
  simulation: [...DECIDING, 'testkit', 'orchestrator/read-model', 'audit-service/read-model'],
};

/** Specs may also start real servers, and speak to them as users do. */
const FOR_SPECS = ['testkit', 'local-system', 'client'];

/** What the pure libraries may use besides each other: computation only, nothing that knows time, chance or the machine. */
const PURE_DEPENDENCIES = [
  'zod',
  '@noble/hashes',
  'canonicalize',
  'immutable',
  'json-p3',
  'rfc6902',
  'jsonata',
  're2js',
  'js-yaml',
];
const PURE_BANNED_GLOBALS = [
  'Date',
  'process',
  'performance',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'Buffer',
  'console',
];

/** The only places that speak to Postgres. */
const SQL_FOLDERS = ['libs/projections', 'libs/local-system', 'libs/testkit'];

const ROUTE_DECORATORS = ['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options', 'All', 'Sse', 'HttpCode'];

export function importRules() {
  return Object.entries(MAY_IMPORT).flatMap(([folder, allowed]) => [
    ...(isPure(folder) ? [pureGlobals(folder)] : []),
    restricted([`${folder}/src/**/*.ts`], bansOf(folder, allowed)),
    ...(folder.startsWith('apps/')
      ? [restricted([`${folder}/src/read-model/**/*.ts`], bansOf(folder, allowed, { inReadModel: true }))]
      : []),
    restricted([`${folder}/src/**/*.spec.ts`], [layers(folder, [...allowed, ...FOR_SPECS])]),
  ]);
}

const isPure = (folder) => PURE.some((name) => folder === `libs/${name}`);

function bansOf(folder, allowed, { inReadModel = false } = {}) {
  const bans = [layers(folder, allowed)];
  if (isPure(folder)) bans.push(pureDependencies());
  if (!inReadModel && !SQL_FOLDERS.includes(folder)) bans.push(...sql(), generatedClient());
  if (folder.startsWith('apps/')) bans.push(rawRoutes());
  return bans;
}

const restricted = (files, patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

const anyOf = (names) => names.map((name) => name.replaceAll('/', '\\/')).join('|');

const layers = (folder, allowed) => ({
  regex: allowed.length === 0 ? '^@throughline\\/' : `^@throughline\\/(?!(${anyOf(allowed)})(\\/|$))`,
  message: `${folder} may import ${allowed.length === 0 ? 'no other package of ours' : allowed.join(', ')}.`,
});

const pureDependencies = () => ({
  regex: `^(?!\\.|@throughline\\/|(${anyOf(PURE_DEPENDENCIES)})(\\/|$))`,
  message: 'Pure: the same input must give the same bytes in every process, so nothing of the machine comes in here.',
});

const sql = () => [
  {
    regex: '^(pg|prisma|@prisma\\/.*)(\\/|$)',
    allowTypeImports: true,
    message: 'Postgres is spoken to in libs/projections and in read-model folders only.',
  },
];

const generatedClient = () => ({
  regex: '(^|\\/)generated\\/',
  message: 'The generated Prisma client is imported in its own read-model folder only.',
});

const rawRoutes = () => ({
  regex: '^@nestjs\\/common$',
  importNames: ROUTE_DECORATORS,
  message: 'Routes come from contracts by @Handle(routes.…) of service-host, so that none is without its permission.',
});

const pureGlobals = (folder) => ({
  files: [`${folder}/src/**/*.ts`],
  ignores: ['**/*.spec.ts'],
  rules: {
    'no-restricted-globals': [
      'error',
      ...PURE_BANNED_GLOBALS.map((name) => ({
        name,
        message: 'Pure: recorded input is the only clock, chance and environment.',
      })),
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Math', property: 'random', message: 'Pure: randomness comes from the recorded seed.' },
    ],
    'no-restricted-syntax': [
      'error',
      { selector: 'ImportExpression', message: 'Pure: every import is static, so that the rules see it.' },
    ],
  },
});
